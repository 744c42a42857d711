// serve [THREADS]: answers requests, as a service behind a socket would. Reads
// the path of an ONNX file a line from stdin and writes a JSON object a line to
// stdout, as they get ready: the path with metrics and in-domain score, or with
// an error. All threads share one evaluator. The evaluator is NNEVAL_EVALUATOR,
// a folder, or else nats-tss, which is installed with nneval.

#include <nneval.hpp>

#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <mutex>
#include <thread>

namespace fs = std::filesystem;

namespace {

/// Requests that wait; the reader waits too while there are many.
class Queue {
 public:
  void push(std::string request) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_.size() < most_; });
    waiting_.push_back(std::move(request));
    changed_.notify_all();
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

  /// Nothing once the queue is closed and empty.
  std::optional<std::string> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || !waiting_.empty(); });
    if (waiting_.empty()) return {};
    auto request = std::move(waiting_.front());
    waiting_.pop_front();
    changed_.notify_all();
    return request;
  }

 private:
  static constexpr std::size_t most_ = 256;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> waiting_;
  bool closed_ = false;
};

std::string quoted(const std::string &text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (byte < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", byte);
      out += escape;
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string number(double x) {
  if (!std::isfinite(x)) return "null";
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", x);
  return text;
}

std::string answer(const nneval::Evaluator &evaluator, const std::string &path) {
  std::string out = "{\"path\":" + quoted(path);
  const auto prediction = evaluator.try_file(path);
  if (!prediction) return out + ",\"error\":" + quoted(prediction.error().message()) + "}";
  if (const auto domain = prediction->domain()) {
    out += ",\"in_domain\":" + number(domain->score);
    out += ",\"flagged\":" + std::string(domain->flagged ? "true" : "false");
  }
  out += ",\"metrics\":{";
  const char *separator = "";
  for (const auto &m : prediction->metrics()) {
    out += separator + quoted(m.name) + ":{\"value\":" + number(m.value);
    out += ",\"unit\":" + quoted(m.unit);
    if (m.interval) {
      out += ",\"lo\":" + number(m.interval->first) + ",\"hi\":" + number(m.interval->second);
    }
    out += "}";
    separator = ",";
  }
  return out + "}}";
}

void work(const nneval::Evaluator &evaluator, Queue &queue, std::mutex &output) {
  while (const auto path = queue.pop()) {
    const auto line = answer(evaluator, *path);
    const std::lock_guard lock(output);
    std::cout << line << std::endl;
  }
}

void serve(unsigned count) {
  const char *named = std::getenv("NNEVAL_EVALUATOR");
  nneval::Options options;
  options.threads = count;
  const auto evaluator = nneval::Evaluator::load(
      named ? fs::path(named) : fs::path(NNEVAL_MODELS_DIR) / "nats-tss", options);
  Queue queue;
  std::mutex output;
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < count; ++i) {
    threads.emplace_back([&] { work(evaluator, queue, output); });
  }
  for (std::string line; std::getline(std::cin, line);) {
    if (!line.empty()) queue.push(line);
  }
  queue.close();
  for (auto &thread : threads) thread.join();
}

}  // namespace

int main(int argc, char **argv) {
  const int count = argc == 2 ? std::atoi(argv[1]) : 4;
  if (argc > 2 || count < 1 || count > 256) {
    std::fprintf(stderr, "usage: %s [THREADS]\n", argv[0]);
    return 2;
  }
  try {
    serve(static_cast<unsigned>(count));
    return 0;
  } catch (const std::exception &e) {
    std::fprintf(stderr, "error: %s\n", e.what());
    return 1;
  }
}
