/* threads EVALUATOR STRING...: 8 threads, each 1,000 evaluations on one
 * evaluator, give what one thread gives, whatever the evaluator keeps. */
#include "nneval.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "check.h"

enum { THREADS = 8, EVALUATIONS = 1000, MOST_STRINGS = 64, MOST_METRICS = 64 };

static const nneval_evaluator *evaluator;
static char **strings;
static size_t count;
static double expected[MOST_STRINGS][MOST_METRICS][3];

static void evaluate(size_t i, double (*all)[3]) {
  nneval_prediction *p;
  SUCCEED(nneval_evaluate_string(evaluator, strings[i], &p, &error));
  for (size_t k = 0; k < nneval_prediction_metric_count(p); ++k) {
    nneval_metric m;
    SUCCEED(nneval_prediction_metric_at(p, k, &m, &error));
    all[k][0] = m.value;
    all[k][1] = m.lo;
    all[k][2] = m.hi;
  }
  nneval_prediction_free(p);
}

static void *work(void *argument) {
  const size_t number = *(const size_t *)argument;
  for (size_t n = 0; n < EVALUATIONS; ++n) {
    double found[MOST_METRICS][3] = {{0}};
    const size_t i = (n * (2 * number + 1) + number) % count;
    evaluate(i, found);
    CHECK(memcmp(found, expected[i], sizeof found) == 0);
  }
  return NULL;
}

/* On an evaluator that keeps so many bytes of predictions. */
static void compare(const char *folder, size_t cache) {
  nneval_options *options;
  SUCCEED(nneval_options_new(&options, &error));
  SUCCEED(nneval_options_set_cache(options, cache, &error));
  nneval_evaluator *loaded;
  SUCCEED(nneval_evaluator_load(folder, options, &loaded, &error));
  nneval_options_free(options);
  CHECK(nneval_evaluator_metric_count(loaded) <= MOST_METRICS);
  evaluator = loaded;
  for (size_t i = 0; i < count; ++i) evaluate(i, expected[i]);
  pthread_t threads[THREADS];
  size_t numbers[THREADS];
  for (size_t t = 0; t < THREADS; ++t) {
    numbers[t] = t;
    CHECK(pthread_create(&threads[t], NULL, work, &numbers[t]) == 0);
  }
  for (size_t t = 0; t < THREADS; ++t) CHECK(pthread_join(threads[t], NULL) == 0);
  nneval_evaluator_free(loaded);
}

int main(int argc, char **argv) {
  strings = argv + 2;
  count = (size_t)(argc - 2);
  CHECK(argc > 2 && count <= MOST_STRINGS);
  compare(argv[1], 0);
  compare(argv[1], 10000);
  compare(argv[1], 1000000);
  return 0;
}
