/* An error that is not freed. */
#include "nneval.h"

int main(void) {
  nneval_error *error = 0;
  const int failed = nneval_operation_string_check("|1:", &error) != NNEVAL_STATUS_OK;
  error = 0;
  return !failed;
}
