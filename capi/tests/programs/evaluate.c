/* evaluate EVALUATOR FILE...: predictions by every way in, one and many, which
 * must be equal where they are of one network; prints those of files, one by
 * one. */
#include "nneval.h"
#include "nneval.h"

#include <stdint.h>
#include <string.h>

#include "check.h"

_Static_assert(NNEVAL_STATUS_OK == 0 && NNEVAL_STATUS_NULL_ARGUMENT == 1 &&
                   NNEVAL_STATUS_INVALID_ARGUMENT == 2 && NNEVAL_STATUS_IO == 3 &&
                   NNEVAL_STATUS_MODEL == 4 && NNEVAL_STATUS_OPERATION_STRING == 5 &&
                   NNEVAL_STATUS_BUNDLE == 6 && NNEVAL_STATUS_TOKENIZER == 7 &&
                   NNEVAL_STATUS_RUNTIME == 8 && NNEVAL_STATUS_NOT_FOUND == 9 &&
                   NNEVAL_STATUS_UNAVAILABLE == 10 && NNEVAL_STATUS_OTHER == 98 &&
                   NNEVAL_STATUS_PANIC == 99 && sizeof(nneval_status) == 4,
               "statuses are fixed");

static nneval_buffer read_file(const char *path) {
  FILE *file = fopen(path, "rb");
  CHECK(file != NULL && fseek(file, 0, SEEK_END) == 0);
  const long size = ftell(file);
  CHECK(size > 0);
  rewind(file);
  void *data = malloc((size_t)size);
  CHECK(data != NULL && fread(data, 1, (size_t)size, file) == (size_t)size);
  fclose(file);
  return (nneval_buffer){data, (size_t)size, NULL};
}

static void print(const char *path, const nneval_prediction *p) {
  printf("path\t%s\n", path);
  printf("tokens\t%zu\n", nneval_prediction_tokens(p));
  printf("windows\t%zu\n", nneval_prediction_windows(p));
  nneval_domain domain;
  SUCCEED(nneval_prediction_domain(p, &domain, &error));
  printf("in_domain\t%.17g\nflagged\t%d\n", domain.score, domain.flagged);
  for (size_t i = 0; i < nneval_prediction_metric_count(p); ++i) {
    nneval_metric at, named;
    SUCCEED(nneval_prediction_metric_at(p, i, &at, &error));
    SUCCEED(nneval_prediction_metric(p, at.name, &named, &error));
    CHECK(named.name == at.name && named.value == at.value && at.has_interval);
    printf("metric\t%s\t%s\t%.17g\t%.17g\t%.17g\n", at.name, at.unit, at.value, at.lo, at.hi);
  }
}

static uint64_t bits(double x) {
  uint64_t all;
  memcpy(&all, &x, sizeof all);
  return all;
}

static void check_equal(const nneval_prediction *a, const nneval_prediction *b) {
  CHECK(nneval_prediction_metric_count(a) == nneval_prediction_metric_count(b));
  for (size_t i = 0; i < nneval_prediction_metric_count(a); ++i) {
    nneval_metric x, y;
    SUCCEED(nneval_prediction_metric_at(a, i, &x, &error));
    SUCCEED(nneval_prediction_metric_at(b, i, &y, &error));
    CHECK(bits(x.value) == bits(y.value) && bits(x.lo) == bits(y.lo) && bits(x.hi) == bits(y.hi));
  }
}

static void check_batch(nneval_batch *batch, size_t count, nneval_batch *like) {
  CHECK(nneval_batch_count(batch) == count);
  for (size_t i = 0; i < count; ++i) {
    nneval_prediction *one, *other;
    SUCCEED(nneval_batch_get(batch, i, &one, &error));
    SUCCEED(nneval_batch_get(like, i, &other, &error));
    check_equal(one, other);
    nneval_prediction_free(one);
    nneval_prediction_free(other);
  }
}

static void check_costs(const char *path, const nneval_buffer *buffer) {
  nneval_costs *of_file, *of_buffer;
  const nneval_dimension batch = {"batch", 1};
  SUCCEED(nneval_costs_of_file(path, &batch, 1, &of_file, &error));
  SUCCEED(nneval_costs_of_buffer(buffer, &batch, 1, &of_buffer, &error));
  for (uint32_t cost = NNEVAL_COST_PARAMETERS; cost <= NNEVAL_COST_DEPTH; ++cost) {
    uint64_t a, b;
    SUCCEED(nneval_costs_get(of_file, cost, &a, &error));
    SUCCEED(nneval_costs_get(of_buffer, cost, &b, &error));
    CHECK(a == b);
    printf("cost\t%u\t%s\n", (unsigned)cost, nneval_costs_text(of_file, cost));
  }
  CHECK(nneval_costs_unknown_count(of_file) == 0 && nneval_costs_unknown(of_file, 0) == NULL);
  nneval_costs_free(of_file);
  nneval_costs_free(of_buffer);
}

static void one(const nneval_evaluator *evaluator, const char *path, const nneval_buffer *buffer,
                const char *string) {
  nneval_prediction *of_file, *of_buffer, *of_string;
  SUCCEED(nneval_evaluate_file(evaluator, path, &of_file, &error));
  SUCCEED(nneval_evaluate_buffer(evaluator, buffer, &of_buffer, &error));
  SUCCEED(nneval_evaluate_string(evaluator, string, &of_string, &error));
  check_equal(of_file, of_buffer);
  check_equal(of_file, of_string);
  print(path, of_file);
  nneval_prediction_free(of_file);
  nneval_prediction_free(of_buffer);
  nneval_prediction_free(of_string);
}

static void many(const nneval_evaluator *evaluator, const char *const *paths,
                 const nneval_buffer *buffers, const char *const *strings, size_t count) {
  nneval_batch *of_files, *of_buffers, *of_strings, *of_none;
  SUCCEED(nneval_evaluate_files(evaluator, paths, count, &of_files, &error));
  SUCCEED(nneval_evaluate_buffers(evaluator, buffers, count, &of_buffers, &error));
  SUCCEED(nneval_evaluate_strings(evaluator, strings, count, &of_strings, &error));
  check_batch(of_buffers, count, of_files);
  check_batch(of_strings, count, of_files);
  SUCCEED(nneval_evaluate_strings(evaluator, NULL, 0, &of_none, &error));
  CHECK(nneval_batch_count(of_none) == 0);
  nneval_batch_free(of_none);
  nneval_batch_free(of_files);
  nneval_batch_free(of_buffers);
  nneval_batch_free(of_strings);
}

int main(int argc, char **argv) {
  CHECK(argc > 2);
  const char *const *paths = (const char *const *)(argv + 2);
  const size_t count = (size_t)(argc - 2);
  nneval_options *options;
  SUCCEED(nneval_options_new(&options, &error));
  SUCCEED(nneval_options_set_provider(options, "cpu", &error));
  SUCCEED(nneval_options_set_threads(options, 2, &error));
  SUCCEED(nneval_options_set_library(options, NULL, &error));
  nneval_evaluator *evaluator;
  SUCCEED(nneval_evaluator_load(argv[1], options, &evaluator, &error));
  nneval_options_free(options);
  CHECK(strcmp(nneval_evaluator_provider(evaluator), "cpu") == 0);
  CHECK(nneval_evaluator_provider_share(evaluator) == 1);
  printf("version\t%s\t%u\n", nneval_version(), (unsigned)nneval_operation_string_version());
  printf("evaluator\t%s\t%zu\t%s\t%s\n", nneval_evaluator_name(evaluator),
         nneval_evaluator_metric_count(evaluator), nneval_evaluator_metric_name(evaluator, 0),
         nneval_evaluator_metric_unit(evaluator, 0));

  nneval_buffer *buffers = calloc(count, sizeof *buffers);
  char **strings = calloc(count, sizeof *strings);
  CHECK(buffers != NULL && strings != NULL);
  for (size_t i = 0; i < count; ++i) {
    buffers[i] = read_file(paths[i]);
    char *again;
    SUCCEED(nneval_operation_string_of_file(paths[i], &strings[i], &error));
    SUCCEED(nneval_operation_string_of_buffer(&buffers[i], &again, &error));
    CHECK(strcmp(strings[i], again) == 0);
    nneval_string_free(again);
    SUCCEED(nneval_operation_string_check(strings[i], &error));
    one(evaluator, paths[i], &buffers[i], strings[i]);
    printf("string\t%s\n", strings[i]);
    check_costs(paths[i], &buffers[i]);
  }
  many(evaluator, paths, buffers, (const char *const *)strings, count);
  for (size_t i = 0; i < count; ++i) {
    free((void *)buffers[i].data);
    nneval_string_free(strings[i]);
  }
  free(buffers);
  free(strings);
  nneval_evaluator_free(evaluator);
  return 0;
}
