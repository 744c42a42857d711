/* errors EVALUATOR FOLDER: every call with every argument wrong. FOLDER holds
 * what Rust has prepared: models empty.onnx, cut.onnx, node.onnx and good.onnx,
 * evaluators gone, altered, and the file text.so. */
#define _POSIX_C_SOURCE 200112L
#include "nneval.h"

#include <stdint.h>
#include <string.h>

#include "check.h"

/* What outputs hold before a call, and must hold after one that fails. */
static char sentinel;
#define UNTOUCHED ((void *)&sentinel)

static const char *folder;

static const char *in_folder(const char *name) {
  static char paths[4][4096];
  static int next = 0;
  char *path = paths[next++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

/* The call fails with `expected`, with an error and without. */
#define FAIL(expected, call)                                                   \
  do {                                                                         \
    nneval_error *made = NULL, **error = &made;                                \
    CHECK((call) == (expected));                                               \
    CHECK(made != NULL && nneval_error_status(made) == (expected));            \
    CHECK(strlen(nneval_error_message(made)) > 0);                             \
    CHECK(strlen(nneval_error_reason(made)) > 0);                              \
    CHECK(strchr(nneval_error_message(made), '\n') == NULL);                   \
    nneval_error_free(made);                                                   \
    error = NULL;                                                              \
    CHECK((call) == (expected));                                               \
  } while (0)

#define NULL_FAILS(call) FAIL(NNEVAL_STATUS_NULL_ARGUMENT, call)
#define INVALID(call) FAIL(NNEVAL_STATUS_INVALID_ARGUMENT, call)

static void options(void) {
  NULL_FAILS(nneval_options_new(NULL, error));
  nneval_options *o;
  SUCCEED(nneval_options_new(&o, &error));
  NULL_FAILS(nneval_options_set_provider(NULL, "cpu", error));
  NULL_FAILS(nneval_options_set_provider(o, NULL, error));
  INVALID(nneval_options_set_provider(o, "abacus", error));
  INVALID(nneval_options_set_provider(o, "\xff", error));
  NULL_FAILS(nneval_options_set_fp16(NULL, 1, error));
  NULL_FAILS(nneval_options_set_cache(NULL, 1, error));
  NULL_FAILS(nneval_options_set_limit(NULL, "nodes", 1, error));
  NULL_FAILS(nneval_options_set_limit(o, NULL, 1, error));
  INVALID(nneval_options_set_limit(o, "wheels", 1, error));
  SUCCEED(nneval_options_set_limit(o, "nodes", 20000, &error));
  NULL_FAILS(nneval_options_set_threads(NULL, 1, error));
  INVALID(nneval_options_set_threads(o, 1025, error));
  NULL_FAILS(nneval_options_set_library(NULL, "x", error));
  INVALID(nneval_options_set_library(o, "", error));
  nneval_options_free(o);
  nneval_options_free(NULL);
}

/* No ONNX Runtime is named, and there is none in the cache. */
static void not_installed(const char *good) {
  char cache[4096];
  CHECK(getenv("NNEVAL_CACHE") != NULL && getenv("ORT_DYLIB_PATH") == NULL);
  snprintf(cache, sizeof cache, "%s", getenv("NNEVAL_CACHE"));
  CHECK(setenv("NNEVAL_CACHE", folder, 1) == 0);
  nneval_evaluator *e = UNTOUCHED;
  FAIL(NNEVAL_STATUS_RUNTIME, nneval_evaluator_load(good, NULL, &e, error));
  CHECK(e == UNTOUCHED && setenv("NNEVAL_CACHE", cache, 1) == 0);
}

static void load(const char *good) {
  nneval_evaluator *e = UNTOUCHED;
  NULL_FAILS(nneval_evaluator_load(NULL, NULL, &e, error));
  NULL_FAILS(nneval_evaluator_load(good, NULL, NULL, error));
  INVALID(nneval_evaluator_load("", NULL, &e, error));
  FAIL(NNEVAL_STATUS_BUNDLE, nneval_evaluator_load(in_folder("nowhere"), NULL, &e, error));
  FAIL(NNEVAL_STATUS_BUNDLE, nneval_evaluator_load(in_folder("gone"), NULL, &e, error));
  FAIL(NNEVAL_STATUS_BUNDLE, nneval_evaluator_load(in_folder("altered"), NULL, &e, error));
  nneval_error *error = NULL;
  CHECK(nneval_evaluator_load(in_folder("gone"), NULL, &e, &error) == NNEVAL_STATUS_BUNDLE);
  CHECK(strcmp(nneval_error_file(error), in_folder("gone")) == 0);
  CHECK(nneval_error_node(error) == NULL);
  nneval_error_free(error);

  nneval_options *o;
  SUCCEED(nneval_options_new(&o, &error));
  SUCCEED(nneval_options_set_library(o, in_folder("absent.so"), &error));
  FAIL(NNEVAL_STATUS_RUNTIME, nneval_evaluator_load(good, o, &e, error));
  SUCCEED(nneval_options_set_library(o, in_folder("text.so"), &error));
  FAIL(NNEVAL_STATUS_RUNTIME, nneval_evaluator_load(good, o, &e, error));
  nneval_options_free(o);
  not_installed(good);
  CHECK(e == UNTOUCHED);
}

/* Once a library is loaded, another, and a provider it lacks, are refused. */
static void load_again(const char *good) {
  nneval_evaluator *e = UNTOUCHED;
  nneval_options *o;
  SUCCEED(nneval_options_new(&o, &error));
  SUCCEED(nneval_options_set_library(o, in_folder("text.so"), &error));
  FAIL(NNEVAL_STATUS_RUNTIME, nneval_evaluator_load(good, o, &e, error));
  SUCCEED(nneval_options_set_library(o, NULL, &error));
  SUCCEED(nneval_options_set_provider(o, "cuda", &error));
  FAIL(NNEVAL_STATUS_RUNTIME, nneval_evaluator_load(good, o, &e, error));
  SUCCEED(nneval_options_set_provider(o, "cpu", &error));
  SUCCEED(nneval_options_set_fp16(o, 1, &error));
  FAIL(NNEVAL_STATUS_RUNTIME, nneval_evaluator_load(good, o, &e, error));
  nneval_options_free(o);
  CHECK(e == UNTOUCHED);
}

static void one(const nneval_evaluator *e) {
  nneval_prediction *p = UNTOUCHED;
  const char *good = in_folder("good.onnx");
  NULL_FAILS(nneval_evaluate_file(NULL, good, &p, error));
  NULL_FAILS(nneval_evaluate_file(e, NULL, &p, error));
  NULL_FAILS(nneval_evaluate_file(e, good, NULL, error));
  INVALID(nneval_evaluate_file(e, "", &p, error));
  FAIL(NNEVAL_STATUS_IO, nneval_evaluate_file(e, in_folder("absent.onnx"), &p, error));
  FAIL(NNEVAL_STATUS_MODEL, nneval_evaluate_file(e, folder, &p, error));
  FAIL(NNEVAL_STATUS_MODEL, nneval_evaluate_file(e, in_folder("empty.onnx"), &p, error));
  FAIL(NNEVAL_STATUS_MODEL, nneval_evaluate_file(e, in_folder("cut.onnx"), &p, error));
  nneval_error *error = NULL;
  CHECK(nneval_evaluate_file(e, in_folder("node.onnx"), &p, &error) == NNEVAL_STATUS_MODEL);
  CHECK(strcmp(nneval_error_file(error), in_folder("node.onnx")) == 0);
  CHECK(strcmp(nneval_error_node(error), "bad") == 0);
  CHECK(strstr(nneval_error_reason(error), "missing") != NULL);
  nneval_error_free(error);

  const nneval_buffer empty = {NULL, 0, NULL}, null = {NULL, 9, NULL};
  const nneval_buffer huge = {"x", SIZE_MAX, NULL}, named = {"\xff", 1, "mine"};
  NULL_FAILS(nneval_evaluate_buffer(NULL, &named, &p, error));
  NULL_FAILS(nneval_evaluate_buffer(e, NULL, &p, error));
  NULL_FAILS(nneval_evaluate_buffer(e, &named, NULL, error));
  NULL_FAILS(nneval_evaluate_buffer(e, &null, &p, error));
  INVALID(nneval_evaluate_buffer(e, &huge, &p, error));
  FAIL(NNEVAL_STATUS_MODEL, nneval_evaluate_buffer(e, &empty, &p, error));
  CHECK(nneval_evaluate_buffer(e, &named, &p, &error) == NNEVAL_STATUS_MODEL);
  CHECK(strcmp(nneval_error_file(error), "mine") == 0);
  nneval_error_free(error);

  NULL_FAILS(nneval_evaluate_string(NULL, "|1:Input", &p, error));
  NULL_FAILS(nneval_evaluate_string(e, NULL, &p, error));
  NULL_FAILS(nneval_evaluate_string(e, "|1:Input", NULL, error));
  INVALID(nneval_evaluate_string(e, "\xc3(", &p, error));
  INVALID(nneval_evaluate_string(e, "", &p, error));
  CHECK(p == UNTOUCHED);
}

static void many(const nneval_evaluator *e) {
  nneval_batch *b = UNTOUCHED;
  const char *const null_in[] = {in_folder("good.onnx"), NULL};
  const char *const invalid_in[] = {"|1:Input", "\xff"};
  const nneval_buffer buffers[] = {{NULL, 0, NULL}, {NULL, 1, NULL}};
  NULL_FAILS(nneval_evaluate_files(NULL, null_in, 1, &b, error));
  NULL_FAILS(nneval_evaluate_files(e, NULL, 1, &b, error));
  NULL_FAILS(nneval_evaluate_files(e, null_in, 1, NULL, error));
  INVALID(nneval_evaluate_files(e, null_in, SIZE_MAX, &b, error));
  NULL_FAILS(nneval_evaluate_buffers(NULL, buffers, 1, &b, error));
  NULL_FAILS(nneval_evaluate_buffers(e, NULL, 1, &b, error));
  NULL_FAILS(nneval_evaluate_buffers(e, buffers, 1, NULL, error));
  NULL_FAILS(nneval_evaluate_strings(NULL, invalid_in, 1, &b, error));
  NULL_FAILS(nneval_evaluate_strings(e, NULL, 1, &b, error));
  NULL_FAILS(nneval_evaluate_strings(e, invalid_in, 1, NULL, error));
  CHECK(b == UNTOUCHED);
}

/* An entry that is none fails alone. */
static void no_entries(const nneval_evaluator *e) {
  const char *const paths[] = {in_folder("good.onnx"), NULL, "", in_folder("good.onnx")};
  const char *const strings[] = {"\xff", NULL, ""};
  const nneval_buffer buffers[] = {{NULL, 1, NULL}};
  nneval_batch *b;
  SUCCEED(nneval_evaluate_files(e, paths, 4, &b, &error));
  nneval_prediction *p = UNTOUCHED;
  NULL_FAILS(nneval_batch_get(b, 1, &p, error));
  INVALID(nneval_batch_get(b, 2, &p, error));
  SUCCEED(nneval_batch_get(b, 3, &p, &error));
  nneval_prediction_free(p);
  nneval_batch_free(b);
  p = UNTOUCHED;
  SUCCEED(nneval_evaluate_strings(e, strings, 3, &b, &error));
  INVALID(nneval_batch_get(b, 0, &p, error));
  NULL_FAILS(nneval_batch_get(b, 1, &p, error));
  nneval_batch_free(b);
  SUCCEED(nneval_evaluate_buffers(e, buffers, 1, &b, &error));
  NULL_FAILS(nneval_batch_get(b, 0, &p, error));
  nneval_batch_free(b);
}

/* A bad network fails alone. */
static void some(const nneval_evaluator *e) {
  const char *const paths[] = {in_folder("node.onnx"), in_folder("good.onnx"),
                               in_folder("absent.onnx")};
  nneval_batch *b;
  SUCCEED(nneval_evaluate_files(e, paths, 3, &b, &error));
  nneval_prediction *p = UNTOUCHED;
  FAIL(NNEVAL_STATUS_MODEL, nneval_batch_get(b, 0, &p, error));
  FAIL(NNEVAL_STATUS_IO, nneval_batch_get(b, 2, &p, error));
  INVALID(nneval_batch_get(b, 3, &p, error));
  NULL_FAILS(nneval_batch_get(NULL, 0, &p, error));
  NULL_FAILS(nneval_batch_get(b, 1, NULL, error));
  CHECK(p == UNTOUCHED);
  nneval_error *error = NULL;
  CHECK(nneval_batch_get(b, 0, &p, &error) == NNEVAL_STATUS_MODEL);
  nneval_batch *none;
  SUCCEED(nneval_evaluate_strings(e, NULL, 0, &none, &error));
  nneval_prediction *good;
  SUCCEED(nneval_batch_get(b, 1, &good, &error));
  nneval_batch_free(b);
  nneval_batch_free(none);
  CHECK(strcmp(nneval_error_node(error), "bad") == 0);
  nneval_error_free(error);

  nneval_metric m = {UNTOUCHED, UNTOUCHED, 7, 7, 7, true};
  NULL_FAILS(nneval_prediction_metric(NULL, "x", &m, error));
  NULL_FAILS(nneval_prediction_metric(good, NULL, &m, error));
  NULL_FAILS(nneval_prediction_metric(good, "x", NULL, error));
  INVALID(nneval_prediction_metric(good, "\xff", &m, error));
  FAIL(NNEVAL_STATUS_NOT_FOUND, nneval_prediction_metric(good, "x", &m, error));
  NULL_FAILS(nneval_prediction_metric_at(NULL, 0, &m, error));
  NULL_FAILS(nneval_prediction_metric_at(good, 0, NULL, error));
  INVALID(nneval_prediction_metric_at(good, SIZE_MAX, &m, error));
  CHECK(m.name == UNTOUCHED && m.value == 7 && m.has_interval);
  nneval_domain d = {7, true};
  NULL_FAILS(nneval_prediction_domain(NULL, &d, error));
  NULL_FAILS(nneval_prediction_domain(good, NULL, error));
  CHECK(d.score == 7);
  nneval_prediction_free(good);
}

/* An evaluator without intervals and in-domain statistics. */
static void bare(void) {
  nneval_evaluator *e;
  SUCCEED(nneval_evaluator_load(in_folder("bare"), NULL, &e, &error));
  nneval_prediction *p;
  SUCCEED(nneval_evaluate_file(e, in_folder("good.onnx"), &p, &error));
  nneval_domain d = {7, true};
  FAIL(NNEVAL_STATUS_UNAVAILABLE, nneval_prediction_domain(p, &d, error));
  CHECK(d.score == 7);
  nneval_metric m;
  SUCCEED(nneval_prediction_metric_at(p, 0, &m, &error));
  CHECK(!m.has_interval && m.lo != m.lo && m.hi != m.hi && m.value == m.value);
  nneval_evaluator_free(e);
  CHECK(strlen(m.name) > 0); /* the prediction does not need the evaluator */
  nneval_prediction_free(p);
}

static void strings(void) {
  char *s = UNTOUCHED;
  const nneval_buffer empty = {NULL, 0, NULL}, null = {NULL, 1, NULL};
  NULL_FAILS(nneval_operation_string_of_file(NULL, &s, error));
  NULL_FAILS(nneval_operation_string_of_file("x", NULL, error));
  FAIL(NNEVAL_STATUS_IO, nneval_operation_string_of_file("absent", &s, error));
  FAIL(NNEVAL_STATUS_MODEL, nneval_operation_string_of_file(in_folder("cut.onnx"), &s, error));
  NULL_FAILS(nneval_operation_string_of_buffer(NULL, &s, error));
  NULL_FAILS(nneval_operation_string_of_buffer(&null, &s, error));
  NULL_FAILS(nneval_operation_string_of_buffer(&empty, NULL, error));
  FAIL(NNEVAL_STATUS_MODEL, nneval_operation_string_of_buffer(&empty, &s, error));
  NULL_FAILS(nneval_operation_string_check(NULL, error));
  INVALID(nneval_operation_string_check("\xff", error));
  FAIL(NNEVAL_STATUS_OPERATION_STRING, nneval_operation_string_check("|1:", error));
  CHECK(s == UNTOUCHED);
  nneval_string_free(NULL);
}

static void costs(void) {
  nneval_costs *c = UNTOUCHED;
  const nneval_buffer empty = {NULL, 0, NULL};
  const nneval_dimension unnamed = {NULL, 1}, unknown = {"nothing", 1};
  const char *good = in_folder("good.onnx");
  NULL_FAILS(nneval_costs_of_file(NULL, NULL, 0, &c, error));
  NULL_FAILS(nneval_costs_of_file(good, NULL, 1, &c, error));
  NULL_FAILS(nneval_costs_of_file(good, &unnamed, 1, &c, error));
  NULL_FAILS(nneval_costs_of_file(good, NULL, 0, NULL, error));
  FAIL(NNEVAL_STATUS_MODEL, nneval_costs_of_file(good, &unknown, 1, &c, error));
  FAIL(NNEVAL_STATUS_IO, nneval_costs_of_file("absent", NULL, 0, &c, error));
  NULL_FAILS(nneval_costs_of_buffer(NULL, NULL, 0, &c, error));
  NULL_FAILS(nneval_costs_of_buffer(&empty, NULL, 0, NULL, error));
  FAIL(NNEVAL_STATUS_MODEL, nneval_costs_of_buffer(&empty, NULL, 0, &c, error));
  CHECK(c == UNTOUCHED);
  SUCCEED(nneval_costs_of_file(good, NULL, 0, &c, &error));
  uint64_t n = 7;
  NULL_FAILS(nneval_costs_get(NULL, NNEVAL_COST_MACS, &n, error));
  NULL_FAILS(nneval_costs_get(c, NNEVAL_COST_MACS, NULL, error));
  INVALID(nneval_costs_get(c, 11, &n, error));
  FAIL(NNEVAL_STATUS_UNAVAILABLE, nneval_costs_get(c, NNEVAL_COST_MACS, &n, error));
  CHECK(n == 7);
  CHECK(strstr(nneval_costs_text(c, NNEVAL_COST_MACS), "batch") != NULL);
  CHECK(nneval_costs_text(c, 11) == NULL && nneval_costs_text(NULL, 0) == NULL);
  CHECK(nneval_costs_unknown_count(NULL) == 0 && nneval_costs_unknown(NULL, 0) == NULL);
  nneval_costs_free(c);
  nneval_costs_free(NULL);
}

static void values_of_null(const nneval_evaluator *e) {
  CHECK(nneval_error_status(NULL) == NNEVAL_STATUS_OK);
  CHECK(nneval_error_message(NULL) == NULL && nneval_error_file(NULL) == NULL);
  CHECK(nneval_error_node(NULL) == NULL && nneval_error_reason(NULL) == NULL);
  CHECK(nneval_evaluator_name(NULL) == NULL && nneval_evaluator_metric_count(NULL) == 0);
  CHECK(nneval_evaluator_provider(NULL) == NULL && nneval_evaluator_provider_share(NULL) == 0);
  CHECK(nneval_evaluator_metric_name(NULL, 0) == NULL);
  CHECK(nneval_evaluator_metric_unit(NULL, 0) == NULL);
  CHECK(nneval_evaluator_metric_name(e, SIZE_MAX) == NULL);
  CHECK(nneval_evaluator_metric_direction(NULL, 0) == 0);
  CHECK(nneval_evaluator_metric_direction(e, 0) == 1);
  CHECK(nneval_prediction_metric_count(NULL) == 0 && nneval_prediction_tokens(NULL) == 0);
  CHECK(nneval_prediction_windows(NULL) == 0 && nneval_batch_count(NULL) == 0);
  nneval_error_free(NULL);
  nneval_evaluator_free(NULL);
  nneval_prediction_free(NULL);
  nneval_batch_free(NULL);
}

int main(int argc, char **argv) {
  CHECK(argc == 3);
  folder = argv[2];
  options();
  load(argv[1]);
  strings();
  costs();
  nneval_evaluator *evaluator;
  SUCCEED(nneval_evaluator_load(argv[1], NULL, &evaluator, &error));
  load_again(argv[1]);
  one(evaluator);
  many(evaluator);
  some(evaluator);
  no_entries(evaluator);
  bare();
  values_of_null(evaluator);
  nneval_evaluator_free(evaluator);
  return 0;
}
