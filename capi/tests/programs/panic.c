/* panic EVALUATOR FILE: a panic is an error, and all goes on. */
#include "nneval.h"

#include <string.h>

#include "check.h"

nneval_status nneval_provoke_panic(nneval_error **error);

int main(int argc, char **argv) {
  CHECK(argc == 3);
  nneval_evaluator *evaluator;
  SUCCEED(nneval_evaluator_load(argv[1], NULL, &evaluator, &error));
  nneval_error *error = NULL;
  CHECK(nneval_provoke_panic(&error) == NNEVAL_STATUS_PANIC);
  CHECK(nneval_error_status(error) == NNEVAL_STATUS_PANIC);
  CHECK(strstr(nneval_error_message(error), "provoked") != NULL);
  nneval_error_free(error);
  CHECK(nneval_provoke_panic(NULL) == NNEVAL_STATUS_PANIC);
  nneval_prediction *p;
  SUCCEED(nneval_evaluate_file(evaluator, argv[2], &p, &error));
  nneval_prediction_free(p);
  nneval_evaluator_free(evaluator);
  return 0;
}
