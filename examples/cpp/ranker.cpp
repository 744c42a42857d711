// ranker METRIC FILE...: ranks ONNX files by a predicted metric, best first, as a
// search over architectures does with its candidates. Files that cannot be read
// are told on stderr. The evaluator is NNEVAL_EVALUATOR, a folder, or else
// nats-tss, which is installed with nneval.

#include <nneval.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace fs = std::filesystem;

namespace {

struct Candidate {
  fs::path path;
  nneval::Metric metric;
  bool flagged;
};

/// 1 where larger values of `metric` are better, -1 where smaller ones are.
int direction(const nneval::Evaluator &evaluator, const std::string &metric) {
  for (std::size_t i = 0; i < evaluator.size(); ++i) {
    if (evaluator.metric_name(i) == metric) return evaluator.metric_direction(i) < 0 ? -1 : 1;
  }
  throw std::runtime_error(evaluator.name() + " predicts no metric " + metric);
}

void rank(std::vector<Candidate> &candidates, int direction) {
  std::stable_sort(candidates.begin(), candidates.end(), [&](const auto &a, const auto &b) {
    return direction * a.metric.value > direction * b.metric.value;
  });
}

void print(const std::vector<Candidate> &candidates) {
  for (const auto &c : candidates) {
    std::printf("%12.6g %s", c.metric.value, c.metric.unit.c_str());
    if (c.metric.interval) {
      std::printf("  (%.6g to %.6g)", c.metric.interval->first, c.metric.interval->second);
    }
    std::printf("  %s%s\n", c.path.c_str(), c.flagged ? "  unlike the networks trained on" : "");
  }
}

int run(const std::string &metric, const std::vector<fs::path> &paths) {
  const char *named = std::getenv("NNEVAL_EVALUATOR");
  const auto evaluator =
      nneval::Evaluator::load(named ? fs::path(named) : fs::path(NNEVAL_MODELS_DIR) / "nats-tss");
  const int better = direction(evaluator, metric);
  std::vector<Candidate> candidates;
  bool all = true;
  const auto results = evaluator.files(paths);
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!results[i]) {
      std::fprintf(stderr, "error: %s\n", results[i].error().what());
      all = false;
      continue;
    }
    const auto domain = results[i]->domain();
    candidates.push_back({paths[i], results[i]->metric(metric), domain && domain->flagged});
  }
  rank(candidates, better);
  print(candidates);
  return all ? 0 : 1;
}

}  // namespace

int main(int argc, char **argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s METRIC FILE...\n", argv[0]);
    return 2;
  }
  try {
    return run(argv[1], {argv + 2, argv + argc});
  } catch (const std::exception &e) {
    std::fprintf(stderr, "error: %s\n", e.what());
    return 1;
  }
}
