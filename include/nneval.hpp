// nneval for C++17: owning handles over nneval.h, header only.
//
// Every call that can fail comes twice. `try_x` answers a Result, a value or an
// Error; `x` answers the value and throws the Error. Without exceptions
// (-fno-exceptions) there are only the first.
//
// Handles own what they hold, move and do not copy. Const members are safe from
// any thread, as nneval.h says.

#ifndef NNEVAL_HPP
#define NNEVAL_HPP

#include "nneval.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#if defined(__has_include)
#if __has_include(<version>)
#include <version>
#endif
#endif
#if defined(__cpp_lib_span)
#include <span>
#endif

#if defined(__cpp_exceptions) || defined(__EXCEPTIONS) || defined(_CPPUNWIND)
#define NNEVAL_EXCEPTIONS 1
#else
#define NNEVAL_EXCEPTIONS 0
#endif

namespace nneval {

#if defined(__cpp_lib_span)
template <typename T>
using Span = std::span<T>;
#else
/// A view of items that lie side by side, as std::span of C++20.
template <typename T>
class Span {
 public:
  constexpr Span() noexcept = default;
  constexpr Span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
  /// Of whatever has data() and size(): vectors, arrays, strings.
  template <typename C, typename = std::enable_if_t<std::is_convertible_v<
                            decltype(std::declval<C &>().data()), T *>>>
  constexpr Span(C &&items) noexcept : data_(items.data()), size_(items.size()) {}
  template <std::size_t N>
  constexpr Span(T (&items)[N]) noexcept : data_(items), size_(N) {}

  constexpr T *data() const noexcept { return data_; }
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr bool empty() const noexcept { return size_ == 0; }
  constexpr T *begin() const noexcept { return data_; }
  constexpr T *end() const noexcept { return data_ + size_; }
  constexpr T &operator[](std::size_t i) const { return data_[i]; }

 private:
  T *data_ = nullptr;
  std::size_t size_ = 0;
};
#endif

namespace detail {

template <typename T, void (*free)(T *)>
struct Free {
  void operator()(T *handle) const noexcept { free(handle); }
};

template <typename T, void (*free)(T *)>
using Handle = std::unique_ptr<T, Free<T, free>>;

inline std::string text(const char *s) { return s ? std::string(s) : std::string(); }

/// A path as nneval.h wants it. std::string on POSIX systems, UTF-8 on Windows.
inline std::string spelled(const std::filesystem::path &path) {
#if defined(_WIN32)
  const auto utf8 = path.u8string();
  return std::string(utf8.begin(), utf8.end());
#else
  return path.string();
#endif
}

}  // namespace detail

/// Why a call failed.
class Error : public std::exception {
 public:
  /// Takes over `error`; `status` is what the call answered.
  Error(nneval_status status, nneval_error *error) : status_(status) {
    const detail::Handle<nneval_error, nneval_error_free> owned(error);
    message_ = detail::text(nneval_error_message(error));
    file_ = detail::text(nneval_error_file(error));
    node_ = detail::text(nneval_error_node(error));
    reason_ = detail::text(nneval_error_reason(error));
  }

  nneval_status status() const noexcept { return status_; }
  /// The whole message, one line.
  const char *what() const noexcept override { return message_.c_str(); }
  const std::string &message() const noexcept { return message_; }
  /// The file or folder at fault, or nothing.
  const std::string &file() const noexcept { return file_; }
  /// The node of the model at fault, or nothing.
  const std::string &node() const noexcept { return node_; }
  /// What is wrong, without file and node.
  const std::string &reason() const noexcept { return reason_; }

 private:
  nneval_status status_;
  std::string message_, file_, node_, reason_;
};

/// A value, or why there is none.
template <typename T>
class Result {
 public:
  Result(T value) : either_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : either_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const noexcept { return either_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  /// The value. Where there is none the Error is thrown; without exceptions the
  /// program ends.
  T &value() & { return check(), *std::get_if<0>(&either_); }
  const T &value() const & { return check(), *std::get_if<0>(&either_); }
  T &&value() && { return check(), std::move(*std::get_if<0>(&either_)); }
  T &operator*() & { return value(); }
  const T &operator*() const & { return value(); }
  T &&operator*() && { return std::move(*this).value(); }
  T *operator->() { return &value(); }
  const T *operator->() const { return &value(); }

  /// The error; only where !ok().
  const Error &error() const {
    if (ok()) std::abort();
    return *std::get_if<1>(&either_);
  }

 private:
  void check() const {
    if (ok()) return;
#if NNEVAL_EXCEPTIONS
    throw error();
#else
    std::abort();
#endif
  }

  std::variant<T, Error> either_;
};

/// The release of nneval, as "0.1.0".
inline std::string version() { return nneval_version(); }

/// The version of the operation string that this library writes.
inline std::uint32_t operation_string_version() { return nneval_operation_string_version(); }

/// One metric of a prediction.
struct Metric {
  std::string name;
  /// "" where it is a plain number or unknown.
  std::string unit;
  /// In that unit.
  double value = 0;
  /// Ends of the 90 % interval, in that unit; absent where the evaluator is not
  /// calibrated for the metric.
  std::optional<std::pair<double, double>> interval;
};

/// How near a network is to those that the evaluator was trained on.
struct Domain {
  /// Share of networks like those trained on that lie at least as far out, 0 to 1.
  double score = 0;
  /// Whether the network is outside what the evaluator has seen.
  bool flagged = false;
};

/// A model in memory; the bytes and the name are not copied and must live until
/// the call returns.
struct Model {
  Span<const std::byte> bytes;
  /// What errors call it; nullptr: "<memory>".
  const char *name = nullptr;

  nneval_buffer raw() const noexcept { return {bytes.data(), bytes.size(), name}; }
};

/// What is predicted of one network.
class Prediction {
 public:
  /// Takes over `handle`.
  explicit Prediction(nneval_prediction *handle) : handle_(handle) {}

  std::size_t size() const noexcept { return nneval_prediction_metric_count(get()); }
  /// Tokens of the operation string.
  std::size_t tokens() const noexcept { return nneval_prediction_tokens(get()); }
  /// Windows that the string was encoded in.
  std::size_t windows() const noexcept { return nneval_prediction_windows(get()); }

  Result<Metric> try_metric(const std::string &name) const {
    nneval_metric metric;
    nneval_error *error = nullptr;
    const auto status = nneval_prediction_metric(get(), name.c_str(), &metric, &error);
    return made(status, metric, error);
  }
  Result<Metric> try_metric(std::size_t index) const {
    nneval_metric metric;
    nneval_error *error = nullptr;
    const auto status = nneval_prediction_metric_at(get(), index, &metric, &error);
    return made(status, metric, error);
  }
  /// All metrics, in the order of the evaluator.
  std::vector<Metric> metrics() const {
    std::vector<Metric> all;
    for (std::size_t i = 0; i < size(); ++i) {
      if (auto one = try_metric(i)) all.push_back(std::move(*one));
    }
    return all;
  }
  /// Absent where the evaluator has no in-domain statistics.
  std::optional<Domain> domain() const {
    nneval_domain domain;
    if (nneval_prediction_domain(get(), &domain, nullptr) != NNEVAL_STATUS_OK) return {};
    return Domain{domain.score, domain.flagged};
  }
#if NNEVAL_EXCEPTIONS
  Metric metric(const std::string &name) const { return try_metric(name).value(); }
  Metric metric(std::size_t index) const { return try_metric(index).value(); }
#endif

  /// For calls of nneval.h.
  const nneval_prediction *get() const noexcept { return handle_.get(); }

 private:
  static Result<Metric> made(nneval_status status, const nneval_metric &m, nneval_error *error) {
    if (status != NNEVAL_STATUS_OK) return Error(status, error);
    Metric metric{m.name, m.unit, m.value, {}};
    if (m.has_interval) metric.interval = {m.lo, m.hi};
    return metric;
  }

  detail::Handle<nneval_prediction, nneval_prediction_free> handle_;
};

/// How an evaluator is loaded.
struct Options {
  /// "cpu", "cuda", "tensorrt", or "auto" for the best that works; loading fails
  /// where the named one cannot be used.
  std::string provider = "cpu";
  /// Whether TensorRT may compute in half precision.
  bool fp16 = false;
  /// CPU threads; 0: all cores.
  std::uint32_t threads = 0;
  /// Memory in bytes, about, for predictions that are kept; 0 keeps none.
  std::size_t cache = 64000000;
  /// ONNX Runtime's shared library; empty: ORT_DYLIB_PATH, else nneval's cache.
  std::filesystem::path library;
  /// Limits of model files by name, as `nneval_options_set_limit` takes them.
  std::vector<std::pair<std::string, std::uint64_t>> limits;
};

/// Results of networks that were evaluated together, in their order.
using Predictions = std::vector<Result<Prediction>>;

/// A loaded evaluator.
class Evaluator {
 public:
  /// Loads the evaluator in `folder`.
  static Result<Evaluator> try_load(const std::filesystem::path &folder,
                                    const Options &options = {}) {
    nneval_error *error = nullptr;
    nneval_options *raw = nullptr;
    auto status = nneval_options_new(&raw, &error);
    const detail::Handle<nneval_options, nneval_options_free> set(raw);
    if (!status) status = nneval_options_set_provider(raw, options.provider.c_str(), &error);
    if (!status) status = nneval_options_set_fp16(raw, options.fp16, &error);
    if (!status) status = nneval_options_set_threads(raw, options.threads, &error);
    if (!status) status = nneval_options_set_cache(raw, options.cache, &error);
    for (const auto &[name, value] : options.limits) {
      if (!status) status = nneval_options_set_limit(raw, name.c_str(), value, &error);
    }
    if (!status && !options.library.empty()) {
      const auto library = detail::spelled(options.library);
      status = nneval_options_set_library(raw, library.c_str(), &error);
    }
    nneval_evaluator *handle = nullptr;
    const auto path = detail::spelled(folder);
    if (!status) status = nneval_evaluator_load(path.c_str(), raw, &handle, &error);
    if (status) return Error(status, error);
    return Evaluator(handle);
  }

  std::string name() const { return detail::text(nneval_evaluator_name(get())); }
  /// The execution provider that is used.
  std::string provider() const { return detail::text(nneval_evaluator_provider(get())); }
  /// The share of the model's nodes that the provider took, over 0 up to 1.
  double provider_share() const noexcept { return nneval_evaluator_provider_share(get()); }
  /// Number of metrics.
  std::size_t size() const noexcept { return nneval_evaluator_metric_count(get()); }
  std::string metric_name(std::size_t i) const {
    return detail::text(nneval_evaluator_metric_name(get(), i));
  }
  std::string metric_unit(std::size_t i) const {
    return detail::text(nneval_evaluator_metric_unit(get(), i));
  }
  /// 1 where larger values are better, -1 where smaller ones are, 0 where unknown.
  int metric_direction(std::size_t i) const noexcept {
    return nneval_evaluator_metric_direction(get(), i);
  }

  Result<Prediction> try_file(const std::filesystem::path &path) const {
    return one(nneval_evaluate_file, detail::spelled(path).c_str());
  }
  Result<Prediction> try_model(const Model &model) const {
    const auto raw = model.raw();
    return one(nneval_evaluate_buffer, &raw);
  }
  /// Of an operation string.
  Result<Prediction> try_string(const std::string &string) const {
    return one(nneval_evaluate_string, string.c_str());
  }

  /// Several at once, which is faster than one by one. A bad network fails alone;
  /// the call as a whole fails on bad arguments only.
  Result<Predictions> try_files(Span<const std::filesystem::path> paths) const {
    std::vector<std::string> spelled;
    for (const auto &path : paths) spelled.push_back(detail::spelled(path));
    return many(nneval_evaluate_files, pointers(spelled));
  }
  Result<Predictions> try_models(Span<const Model> models) const {
    std::vector<nneval_buffer> raw;
    for (const auto &model : models) raw.push_back(model.raw());
    return many(nneval_evaluate_buffers, raw);
  }
  Result<Predictions> try_strings(Span<const std::string> strings) const {
    return many(nneval_evaluate_strings, pointers(strings));
  }

#if NNEVAL_EXCEPTIONS
  static Evaluator load(const std::filesystem::path &folder, const Options &options = {}) {
    return try_load(folder, options).value();
  }
  Prediction file(const std::filesystem::path &path) const { return try_file(path).value(); }
  Prediction model(const Model &model) const { return try_model(model).value(); }
  Prediction string(const std::string &string) const { return try_string(string).value(); }
  Predictions files(Span<const std::filesystem::path> paths) const {
    return try_files(paths).value();
  }
  Predictions models(Span<const Model> models) const { return try_models(models).value(); }
  Predictions strings(Span<const std::string> strings) const {
    return try_strings(strings).value();
  }
#endif

  /// For calls of nneval.h.
  const nneval_evaluator *get() const noexcept { return handle_.get(); }

 private:
  explicit Evaluator(nneval_evaluator *handle) : handle_(handle) {}

  template <typename Strings>
  static std::vector<const char *> pointers(const Strings &strings) {
    std::vector<const char *> all;
    for (const auto &s : strings) all.push_back(s.c_str());
    return all;
  }

  template <typename Call, typename Network>
  Result<Prediction> one(Call call, Network network) const {
    nneval_prediction *handle = nullptr;
    nneval_error *error = nullptr;
    const auto status = call(get(), network, &handle, &error);
    if (status) return Error(status, error);
    return Prediction(handle);
  }

  template <typename Call, typename Network>
  Result<Predictions> many(Call call, const std::vector<Network> &networks) const {
    nneval_batch *raw = nullptr;
    nneval_error *error = nullptr;
    const auto status = call(get(), networks.data(), networks.size(), &raw, &error);
    if (status) return Error(status, error);
    const detail::Handle<nneval_batch, nneval_batch_free> batch(raw);
    Predictions all;
    for (std::size_t i = 0; i < nneval_batch_count(raw); ++i) {
      nneval_prediction *handle = nullptr;
      nneval_error *failure = nullptr;
      const auto of_one = nneval_batch_get(raw, i, &handle, &failure);
      if (of_one) {
        all.emplace_back(Error(of_one, failure));
      } else {
        all.emplace_back(Prediction(handle));
      }
    }
    return all;
  }

  detail::Handle<nneval_evaluator, nneval_evaluator_free> handle_;
};

namespace detail {

inline Result<std::string> owned(nneval_status status, char *string, nneval_error *error) {
  if (status) return Error(status, error);
  const Handle<char, nneval_string_free> handle(string);
  return std::string(string);
}

}  // namespace detail

/// The operation string of a model.
inline Result<std::string> try_operation_string(const std::filesystem::path &path) {
  char *string = nullptr;
  nneval_error *error = nullptr;
  const auto spelled = detail::spelled(path);
  const auto status = nneval_operation_string_of_file(spelled.c_str(), &string, &error);
  return detail::owned(status, string, error);
}
inline Result<std::string> try_operation_string(const Model &model) {
  char *string = nullptr;
  nneval_error *error = nullptr;
  const auto raw = model.raw();
  const auto status = nneval_operation_string_of_buffer(&raw, &string, &error);
  return detail::owned(status, string, error);
}

/// Static costs of a model.
class Costs {
 public:
  /// Sizes of dimensions that the model leaves open.
  using Dimensions = std::vector<std::pair<std::string, std::uint64_t>>;

  static Result<Costs> try_of(const std::filesystem::path &path,
                              const Dimensions &dimensions = {}) {
    const auto spelled = detail::spelled(path);
    return counted(nneval_costs_of_file, spelled.c_str(), dimensions);
  }
  static Result<Costs> try_of(const Model &model, const Dimensions &dimensions = {}) {
    const auto raw = model.raw();
    return counted(nneval_costs_of_buffer, &raw, dimensions);
  }

  /// The cost as a number; fails where it is a formula.
  Result<std::uint64_t> try_get(nneval_cost cost) const {
    std::uint64_t amount = 0;
    nneval_error *error = nullptr;
    const auto status = nneval_costs_get(get(), cost, &amount, &error);
    if (status) return Error(status, error);
    return amount;
  }
  /// The cost as a number or formula.
  std::string text(nneval_cost cost) const { return detail::text(nneval_costs_text(get(), cost)); }
  /// Operator types that are not, or not wholly, in the totals.
  std::vector<std::string> unknown() const {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < nneval_costs_unknown_count(get()); ++i) {
      all.push_back(detail::text(nneval_costs_unknown(get(), i)));
    }
    return all;
  }

#if NNEVAL_EXCEPTIONS
  template <typename M>
  static Costs of(const M &model, const Dimensions &dimensions = {}) {
    return try_of(model, dimensions).value();
  }
  std::uint64_t get(nneval_cost cost) const { return try_get(cost).value(); }
#endif

  /// For calls of nneval.h.
  const nneval_costs *get() const noexcept { return handle_.get(); }

 private:
  explicit Costs(nneval_costs *handle) : handle_(handle) {}

  template <typename Call, typename M>
  static Result<Costs> counted(Call call, M model, const Dimensions &dimensions) {
    std::vector<nneval_dimension> raw;
    for (const auto &[name, size] : dimensions) raw.push_back({name.c_str(), size});
    nneval_costs *handle = nullptr;
    nneval_error *error = nullptr;
    const auto status = call(model, raw.data(), raw.size(), &handle, &error);
    if (status) return Error(status, error);
    return Costs(handle);
  }

  detail::Handle<nneval_costs, nneval_costs_free> handle_;
};

#if NNEVAL_EXCEPTIONS
/// The operation string of a model: a path, or a Model in memory.
template <typename M>
std::string operation_string(const M &model) {
  return try_operation_string(model).value();
}
#endif

}  // namespace nneval

#endif  // NNEVAL_HPP
