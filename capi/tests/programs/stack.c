/* stack EVALUATOR FILE...: operation string, costs and prediction of each file, which may be
 * anything. Each is answered: no panic, and the process goes on. Its stack is what the caller
 * has set. */
#include "nneval.h"

#include "check.h"

static void answered(nneval_status status, nneval_error **error) {
  CHECK(status != NNEVAL_STATUS_PANIC);
  CHECK((status == NNEVAL_STATUS_OK) == (*error == NULL));
  nneval_error_free(*error);
}

int main(int argc, char **argv) {
  CHECK(argc > 2);
  nneval_evaluator *evaluator;
  SUCCEED(nneval_evaluator_load(argv[1], NULL, &evaluator, &error));
  int good = 0;
  for (int i = 2; i < argc; ++i) {
    nneval_error *error = NULL;
    char *string = NULL;
    answered(nneval_operation_string_of_file(argv[i], &string, &error), &error);
    error = NULL;
    if (string != NULL) {
      answered(nneval_operation_string_check(string, &error), &error);
      nneval_string_free(string);
    }
    nneval_costs *costs = NULL;
    error = NULL;
    answered(nneval_costs_of_file(argv[i], NULL, 0, &costs, &error), &error);
    nneval_costs_free(costs);
    nneval_prediction *prediction = NULL;
    error = NULL;
    answered(nneval_evaluate_file(evaluator, argv[i], &prediction, &error), &error);
    good += prediction != NULL;
    nneval_prediction_free(prediction);
  }
  nneval_evaluator_free(evaluator);
  printf("%d of %d files have a prediction\n", good, argc - 2);
  return 0;
}
