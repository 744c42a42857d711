/* nneval: predicted metrics of neural networks, from their ONNX graphs.
 *
 * CONVENTION
 *
 * Status. Every call that can fail answers an nneval_status, NNEVAL_STATUS_OK
 * (0) for success. The numbers are fixed. Calls that answer a value instead
 * cannot fail on a handle that lives; for a NULL handle, or an index out of
 * range, they answer NULL, or 0.
 *
 * Outputs are the last parameters but one. They are written on success only; on
 * failure they hold what they held before. An output must not be NULL.
 *
 * Errors. The last parameter, `error`, is written on failure only, with an error
 * that tells file, node and reason and that the caller frees. It may be NULL:
 * then the status is all there is. What it points at is not looked at; set it
 * to NULL first to see whether it was written.
 *
 * NULL is checked: where a pointer must not be NULL the call answers
 * NNEVAL_STATUS_NULL_ARGUMENT. Where NULL is allowed the call says so. Arrays of
 * no items may be NULL. All `..._free` take NULL and do nothing.
 *
 * Ownership. A handle that a call writes is the caller's, to be freed once with
 * the `..._free` of its type; so is a string written to a `char **`, with
 * nneval_string_free. A `const char *` that a call answers belongs to the handle
 * it was asked of, and lives as long. Arguments are borrowed for the call.
 * Handles may be freed in any order: none needs another.
 *
 * Text is UTF-8 that ends in NUL. Paths are spelled as the system does (on
 * Windows: UTF-8).
 *
 * Threads. Calls are safe from any thread, at the same time, on the same handle,
 * where that handle is const; among them is every call that evaluates. Calls
 * on a handle that is not const (setters of options, `..._free`) must not run
 * beside other calls on it. An evaluator owns its threads; freeing it ends them.
 *
 * Process. nneval has no state of its own outside handles. ONNX Runtime's
 * library, once an evaluator has loaded it, stays loaded until the process ends,
 * and libnneval, which holds on to it, is not unmapped by dlclose. Handles must
 * not be used in a child after fork without exec. No panic crosses the boundary:
 * it is caught, is told on stderr, and the call answers NNEVAL_STATUS_PANIC.
 *
 * Telemetry. nneval keeps ONNX Runtime from recording any. For that the variable
 * ORT_DISABLE_TELEMETRY is set to 1 in the environment of the process, unless it
 * is set: when libnneval is loaded, if the process has one thread then, else by
 * the first nneval_evaluator_load. A program that loads libnneval (dlopen) while
 * other threads use the environment sets the variable itself before, or sees to
 * it that no other thread uses the environment during that call.
 *
 * This file is generated from the crate in capi/. Do not edit it.
 */


#ifndef NNEVAL_H
#define NNEVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What a call answers. Numbers keep their meaning in all versions; later
// versions may add some.
enum nneval_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // The call did what it is for; outputs are written.
  NNEVAL_STATUS_OK = 0,
  // A pointer that must not be NULL is.
  NNEVAL_STATUS_NULL_ARGUMENT = 1,
  // An argument's value is not allowed: text that is not UTF-8, an unknown
  // provider, an index out of range.
  NNEVAL_STATUS_INVALID_ARGUMENT = 2,
  // A file or folder could not be read.
  NNEVAL_STATUS_IO = 3,
  // An ONNX model is malformed, or over a limit of the reader.
  NNEVAL_STATUS_MODEL = 4,
  // An operation string does not follow the grammar.
  NNEVAL_STATUS_OPERATION_STRING = 5,
  // An evaluator's folder is incomplete, altered, or of another version.
  NNEVAL_STATUS_BUNDLE = 6,
  // A string could not be tokenized.
  NNEVAL_STATUS_TOKENIZER = 7,
  // ONNX Runtime is missing, too old, or refused a request; the provider
  // asked for cannot be used.
  NNEVAL_STATUS_RUNTIME = 8,
  // There is no metric of that name.
  NNEVAL_STATUS_NOT_FOUND = 9,
  // There is no such value for this network: the evaluator has no in-domain
  // statistics, or the cost is a formula.
  NNEVAL_STATUS_UNAVAILABLE = 10,
  // Another failure, which the error explains.
  NNEVAL_STATUS_OTHER = 98,
  // A defect of nneval, caught at the boundary. Handles stay usable.
  NNEVAL_STATUS_PANIC = 99,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum nneval_status nneval_status;
#else
typedef int32_t nneval_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// A static cost. Numbers keep their meaning in all versions.
enum nneval_cost
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // Trainable numbers; a weight that several operators share counts once.
  NNEVAL_COST_PARAMETERS = 0,
  // Stored numbers that training does not set by gradients.
  NNEVAL_COST_BUFFERS = 1,
  // Other numbers in constants.
  NNEVAL_COST_CONSTANTS = 2,
  // Bytes of all constants, external data included.
  NNEVAL_COST_WEIGHT_BYTES = 3,
  // Multiply-accumulate operations of products, convolutions, attention and
  // recurrent layers.
  NNEVAL_COST_MACS = 4,
  // Arithmetic operations, two for each multiply-accumulate.
  NNEVAL_COST_FLOPS = 5,
  // Bytes of activations that operators read.
  NNEVAL_COST_ACTIVATION_BYTES_READ = 6,
  // Bytes of activations that operators write.
  NNEVAL_COST_ACTIVATION_BYTES_WRITTEN = 7,
  // Bytes of constants that operators read.
  NNEVAL_COST_WEIGHT_BYTES_READ = 8,
  // Most bytes of activations alive at one time, in the file's order.
  NNEVAL_COST_PEAK_ACTIVATION_BYTES = 9,
  // Operators on the longest path from an input to an output.
  NNEVAL_COST_DEPTH = 10,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum nneval_cost nneval_cost;
#else
typedef uint32_t nneval_cost;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Results of networks that were evaluated together, in their order.
typedef struct nneval_batch nneval_batch;

// Static costs of a model.
typedef struct nneval_costs nneval_costs;

// Why a call failed.
typedef struct nneval_error nneval_error;

// A loaded evaluator.
typedef struct nneval_evaluator nneval_evaluator;

// How an evaluator is loaded: provider, threads, ONNX Runtime's library.
typedef struct nneval_options nneval_options;

// What is predicted of one network.
typedef struct nneval_prediction nneval_prediction;

// One metric of a prediction.
typedef struct nneval_metric {
  // Its name; lives as long as the prediction.
  const char *name;
  // Its unit, "" where it is a plain number or unknown; lives as long as the
  // prediction.
  const char *unit;
  // The predicted value, in that unit.
  double value;
  // Lower end of the 90 % interval, in that unit; NaN without an interval.
  double lo;
  // Upper end of the 90 % interval, in that unit; NaN without an interval.
  double hi;
  // Whether the evaluator is calibrated for this metric, so that there is an
  // interval.
  bool has_interval;
} nneval_metric;

// How near a network is to those that the evaluator was trained on.
typedef struct nneval_domain {
  // Share of networks like those trained on that lie at least as far out, 0 to 1.
  double score;
  // Whether the network is outside what the evaluator has seen.
  bool flagged;
} nneval_domain;

// An ONNX model in memory.
typedef struct nneval_buffer {
  // The bytes of the file.
  const void *data;
  // Their number.
  size_t size;
  // What errors call it; NULL: `<memory>`.
  const char *name;
} nneval_buffer;

// The size of a dimension that the model leaves open.
typedef struct nneval_dimension {
  // Name of the dimension in the model, as "batch".
  const char *name;
  // Its size.
  uint64_t size;
} nneval_dimension;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The status that the failed call answered; `NNEVAL_STATUS_OK` for NULL.
nneval_status nneval_error_status(const struct nneval_error *error);

// The whole message, one line: file, node and reason as far as there are any.
const char *nneval_error_message(const struct nneval_error *error);

// The file or folder at fault; NULL where none is.
const char *nneval_error_file(const struct nneval_error *error);

// The node of the model at fault: its name, or its type and position where it
// has none; NULL where no node is at fault.
const char *nneval_error_node(const struct nneval_error *error);

// What is wrong, without file and node.
const char *nneval_error_reason(const struct nneval_error *error);

// Frees an error and its texts.
void nneval_error_free(struct nneval_error *error);

// The release of nneval, as "0.1.0".
const char *nneval_version(void);

// The version of the operation string that this library writes. An evaluator
// loads only where it was trained on this version.
uint32_t nneval_operation_string_version(void);

// Makes options: the CPU, all cores, ONNX Runtime where nneval finds it.
nneval_status nneval_options_new(struct nneval_options **options,
                                 struct nneval_error **error);

// Sets the execution provider: "cpu", "cuda", "tensorrt", or "auto" for the best
// that works. Loading fails where the named one cannot be used, or takes no node
// of the model; nothing else is used instead. `nneval_evaluator_provider` tells
// which is used, `nneval_evaluator_provider_share` for how much of the model.
nneval_status nneval_options_set_provider(struct nneval_options *options,
                                          const char *provider,
                                          struct nneval_error **error);

// Sets whether TensorRT may compute in half precision: 0 no, as without this
// call, else yes. Loading fails where it may and the provider is another.
nneval_status nneval_options_set_fp16(struct nneval_options *options,
                                      int32_t fp16,
                                      struct nneval_error **error);

// Sets the number of CPU threads that the evaluator keeps and works on,
// 0 (all cores) to 1024.
nneval_status nneval_options_set_threads(struct nneval_options *options,
                                         uint32_t threads,
                                         struct nneval_error **error);

// Sets the memory in bytes, about, for predictions that the evaluator keeps, so
// that what is evaluated again is not encoded again: 64,000,000 without this call;
// 0 keeps none.
nneval_status nneval_options_set_cache(struct nneval_options *options,
                                       size_t bytes,
                                       struct nneval_error **error);

// Sets a limit of model files: "file-bytes", "nodes", "entries", "depth", "dims",
// "inlined-nodes", "work" (steps of some 50 nanoseconds) or "memory" (bytes beside
// 96 for each of the file's). What goes beyond one is refused with its name. The
// defaults keep a file below 2 seconds of processor time and 256 MiB beside 150
// bytes for each of its own; functions without options have the defaults.
nneval_status nneval_options_set_limit(struct nneval_options *options,
                                       const char *name,
                                       uint64_t value,
                                       struct nneval_error **error);

// Sets the path of ONNX Runtime's shared library (1.17 or later). Without it,
// or with NULL, the environment variable ORT_DYLIB_PATH names the library, else
// it is the one that the program nneval has installed into its cache.
nneval_status nneval_options_set_library(struct nneval_options *options,
                                         const char *library,
                                         struct nneval_error **error);

// Frees options. Evaluators that were loaded with them do not need them.
void nneval_options_free(struct nneval_options *options);

// Loads the evaluator in `folder`, with the CPU and all cores where `options`
// is NULL. Nothing is downloaded. ONNX Runtime's library is loaded by the first
// evaluator and stays until the process ends; a later one that asks for another
// library is refused. Safe from any thread.
nneval_status nneval_evaluator_load(const char *folder,
                                    const struct nneval_options *options,
                                    struct nneval_evaluator **evaluator,
                                    struct nneval_error **error);

// Name of the evaluator; NULL for NULL.
const char *nneval_evaluator_name(const struct nneval_evaluator *evaluator);

// The execution provider that is used: "cpu", "cuda" or "tensorrt"; NULL for NULL.
const char *nneval_evaluator_provider(const struct nneval_evaluator *evaluator);

// The share of the model's nodes that the provider took, over 0 up to 1; the CPU
// runs the others. 0 for NULL.
double nneval_evaluator_provider_share(const struct nneval_evaluator *evaluator);

// Number of metrics that the evaluator predicts; 0 for NULL.
size_t nneval_evaluator_metric_count(const struct nneval_evaluator *evaluator);

// Name of the metric at `index`, from 0; NULL where there is none.
const char *nneval_evaluator_metric_name(const struct nneval_evaluator *evaluator,
                                         size_t index);

// Unit of the metric at `index`, from 0: "" where it is a plain number or
// unknown; NULL where there is no such metric.
const char *nneval_evaluator_metric_unit(const struct nneval_evaluator *evaluator,
                                         size_t index);

// What is better of the metric at `index`, from 0: 1 where larger values are, -1
// where smaller ones are, 0 where that is unknown or there is no such metric.
int32_t nneval_evaluator_metric_direction(const struct nneval_evaluator *evaluator,
                                          size_t index);

// Frees an evaluator and ends its threads. Its predictions do not need it.
void nneval_evaluator_free(struct nneval_evaluator *evaluator);

// Number of metrics, in the order of the evaluator; 0 for NULL.
size_t nneval_prediction_metric_count(const struct nneval_prediction *prediction);

// The metric called `name`; `NNEVAL_STATUS_NOT_FOUND` where the evaluator has none.
nneval_status nneval_prediction_metric(const struct nneval_prediction *prediction,
                                       const char *name,
                                       struct nneval_metric *metric,
                                       struct nneval_error **error);

// The metric at `index`, from 0.
nneval_status nneval_prediction_metric_at(const struct nneval_prediction *prediction,
                                          size_t index,
                                          struct nneval_metric *metric,
                                          struct nneval_error **error);

// The in-domain score; `NNEVAL_STATUS_UNAVAILABLE` where the evaluator has no
// statistics for one.
nneval_status nneval_prediction_domain(const struct nneval_prediction *prediction,
                                       struct nneval_domain *domain,
                                       struct nneval_error **error);

// Tokens of the operation string; 0 for NULL.
size_t nneval_prediction_tokens(const struct nneval_prediction *prediction);

// Windows that the string was encoded in, more than one for strings longer than
// the evaluator's window; 0 for NULL.
size_t nneval_prediction_windows(const struct nneval_prediction *prediction);

// Frees a prediction.
void nneval_prediction_free(struct nneval_prediction *prediction);

// Evaluates the ONNX file at `path`.
nneval_status nneval_evaluate_file(const struct nneval_evaluator *evaluator,
                                   const char *path,
                                   struct nneval_prediction **prediction,
                                   struct nneval_error **error);

// Evaluates an ONNX model in memory.
nneval_status nneval_evaluate_buffer(const struct nneval_evaluator *evaluator,
                                     const struct nneval_buffer *buffer,
                                     struct nneval_prediction **prediction,
                                     struct nneval_error **error);

// Evaluates an operation string, which must not be empty;
// `NNEVAL_STATUS_OPERATION_STRING` where it does not follow the grammar.
nneval_status nneval_evaluate_string(const struct nneval_evaluator *evaluator,
                                     const char *string,
                                     struct nneval_prediction **prediction,
                                     struct nneval_error **error);

// Evaluates `count` ONNX files together, which is faster than one by one.
// Answers `NNEVAL_STATUS_OK` also where some, or all, have failed: a bad file
// fails alone, and `nneval_batch_get` tells; so does an entry that is NULL or an
// empty path.
nneval_status nneval_evaluate_files(const struct nneval_evaluator *evaluator,
                                    const char *const *paths,
                                    size_t count,
                                    struct nneval_batch **batch,
                                    struct nneval_error **error);

// Evaluates `count` ONNX models in memory together, as `nneval_evaluate_files`
// does files.
nneval_status nneval_evaluate_buffers(const struct nneval_evaluator *evaluator,
                                      const struct nneval_buffer *buffers,
                                      size_t count,
                                      struct nneval_batch **batch,
                                      struct nneval_error **error);

// Evaluates `count` operation strings together, as `nneval_evaluate_files`
// does files.
nneval_status nneval_evaluate_strings(const struct nneval_evaluator *evaluator,
                                      const char *const *strings,
                                      size_t count,
                                      struct nneval_batch **batch,
                                      struct nneval_error **error);

// Number of results; 0 for NULL.
size_t nneval_batch_count(const struct nneval_batch *batch);

// The result at `index`, from 0: its prediction, or the failure of that network
// alone. The prediction does not need the batch; each call gives a handle of
// its own.
nneval_status nneval_batch_get(const struct nneval_batch *batch,
                               size_t index,
                               struct nneval_prediction **prediction,
                               struct nneval_error **error);

// Frees a batch.
void nneval_batch_free(struct nneval_batch *batch);

// The operation string of the ONNX file at `path`, to be freed with
// `nneval_string_free`.
nneval_status nneval_operation_string_of_file(const char *path,
                                              char **string,
                                              struct nneval_error **error);

// The operation string of an ONNX model in memory, to be freed with
// `nneval_string_free`.
nneval_status nneval_operation_string_of_buffer(const struct nneval_buffer *buffer,
                                                char **string,
                                                struct nneval_error **error);

// Checks that `string` follows the grammar of operation strings;
// `NNEVAL_STATUS_OPERATION_STRING` where it does not.
nneval_status nneval_operation_string_check(const char *string,
                                            struct nneval_error **error);

// Frees a string that nneval has made; its text must not have been changed.
void nneval_string_free(char *string);

// Static costs of the ONNX file at `path`. `count` dimensions that the model
// leaves open get a size; costs that depend on others are formulas.
nneval_status nneval_costs_of_file(const char *path,
                                   const struct nneval_dimension *dimensions,
                                   size_t count,
                                   struct nneval_costs **costs,
                                   struct nneval_error **error);

// Static costs of an ONNX model in memory, as `nneval_costs_of_file` gives them.
nneval_status nneval_costs_of_buffer(const struct nneval_buffer *buffer,
                                     const struct nneval_dimension *dimensions,
                                     size_t count,
                                     struct nneval_costs **costs,
                                     struct nneval_error **error);

// A cost (one of `nneval_cost`) as a number; `NNEVAL_STATUS_UNAVAILABLE` where
// it is a formula.
nneval_status nneval_costs_get(const struct nneval_costs *costs,
                               uint32_t cost,
                               uint64_t *amount,
                               struct nneval_error **error);

// A cost (one of `nneval_cost`) as text: a number, or a formula in the model's
// dimensions. Lives as long as `costs`; NULL where there is no such cost.
const char *nneval_costs_text(const struct nneval_costs *costs,
                              uint32_t cost);

// Number of operator types that are not, or not wholly, in the totals, because
// their work depends on data or is not known; 0 for NULL.
size_t nneval_costs_unknown_count(const struct nneval_costs *costs);

// Such an operator type, from 0, as "NonMaxSuppression x1 (work)". Lives as
// long as `costs`; NULL where there is none.
const char *nneval_costs_unknown(const struct nneval_costs *costs,
                                 size_t index);

// Frees costs.
void nneval_costs_free(struct nneval_costs *costs);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* NNEVAL_H */
