// evaluate EVALUATOR FOLDER FILE...: as evaluate.c, through nneval.hpp. FOLDER
// holds node.onnx, which has a bad node.
#include "nneval.hpp"
#include "nneval.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#define CHECK(condition)                                                           \
  do {                                                                             \
    if (!(condition)) {                                                            \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      std::exit(1);                                                                \
    }                                                                              \
  } while (0)

namespace {

namespace fs = std::filesystem;

std::vector<char> read(const fs::path &path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void print(const fs::path &path, const nneval::Prediction &p) {
  std::printf("path\t%s\ntokens\t%zu\nwindows\t%zu\n", path.c_str(), p.tokens(), p.windows());
  const auto domain = p.domain().value();
  std::printf("in_domain\t%.17g\nflagged\t%d\n", domain.score, domain.flagged);
  for (const auto &m : p.metrics()) {
    const auto [lo, hi] = m.interval.value();
    std::printf("metric\t%s\t%s\t%.17g\t%.17g\t%.17g\n", m.name.c_str(), m.unit.c_str(), m.value,
                lo, hi);
  }
}

bool equal(const nneval::Prediction &a, const nneval::Prediction &b) {
  CHECK(a.size() == b.size() && a.size() > 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto x = *a.try_metric(i), y = *b.try_metric(i);
    if (x.value != y.value || x.interval != y.interval || x.unit != y.unit) return false;
  }
  return true;
}

void results(const nneval::Evaluator &evaluator, const fs::path &folder) {
  const auto bad = evaluator.try_file(folder / "node.onnx");
  CHECK(!bad && bad.error().status() == NNEVAL_STATUS_MODEL);
  CHECK(bad.error().file() == (folder / "node.onnx").string() && bad.error().node() == "bad");
  CHECK(bad.error().message().find(bad.error().reason()) != std::string::npos);
  CHECK(!nneval::Evaluator::try_load(folder / "nowhere"));
  nneval::Options options;
  options.provider = "abacus";
  CHECK(nneval::Evaluator::try_load(folder, options).error().status() ==
        NNEVAL_STATUS_INVALID_ARGUMENT);
  CHECK(evaluator.provider() == "cpu" && evaluator.provider_share() == 1);
  CHECK(!nneval::Costs::try_of(folder / "node.onnx"));
  CHECK(!nneval::try_operation_string(folder / "node.onnx"));
  const std::vector<fs::path> mixed = {folder / "node.onnx", folder / "good.onnx"};
  const auto several = evaluator.try_files(mixed);
  CHECK(several && several->size() == 2 && !(*several)[0] && (*several)[1]);
}

#if NNEVAL_EXCEPTIONS
void exceptions(const nneval::Evaluator &evaluator, const fs::path &folder) {
  try {
    evaluator.file(folder / "node.onnx");
    CHECK(false);
  } catch (const nneval::Error &e) {
    CHECK(e.status() == NNEVAL_STATUS_MODEL && e.node() == "bad");
    CHECK(std::strstr(e.what(), "node.onnx") != nullptr);
  }
  try {
    evaluator.file(folder / "good.onnx").metric("nothing");
    CHECK(false);
  } catch (const std::exception &e) {
    CHECK(std::strstr(e.what(), "nothing") != nullptr);
  }
  const auto costs = nneval::Costs::of(folder / "good.onnx", {{"batch", 2}});
  CHECK(costs.get(NNEVAL_COST_MACS) > 0 && costs.unknown().empty());
  CHECK(nneval::Costs::of(folder / "good.onnx").text(NNEVAL_COST_MACS).find("batch") !=
        std::string::npos);
  CHECK(!nneval::operation_string(folder / "good.onnx").empty());
  nneval::Options best;
  best.provider = "auto";
  CHECK(nneval::Evaluator::load(folder / "bare", best).provider_share() > 0);
  auto moved = nneval::Evaluator::load(folder / "bare");
  const auto other = std::move(moved);
  CHECK(!other.file(folder / "good.onnx").domain());
  CHECK(!other.file(folder / "good.onnx").metric(0).interval);
}
#endif

}  // namespace

int main(int argc, char **argv) {
  CHECK(argc > 3);
  nneval::Options options;
  options.threads = 2;
  const auto loaded = nneval::Evaluator::try_load(argv[1], options);
  CHECK(loaded);
  const auto &evaluator = *loaded;
  const fs::path folder = argv[2];
  results(evaluator, folder);
#if NNEVAL_EXCEPTIONS
  exceptions(evaluator, folder);
#endif
  const std::vector<fs::path> paths(argv + 3, argv + argc);
  std::vector<std::vector<char>> files;
  std::vector<nneval::Model> models;
  std::vector<std::string> strings;
  for (const auto &path : paths) files.push_back(read(path));
  for (const auto &file : files) {
    models.push_back({{reinterpret_cast<const std::byte *>(file.data()), file.size()}});
    strings.push_back(nneval::try_operation_string(models.back()).value());
  }
  const auto of_files = evaluator.try_files(paths).value();
  const auto of_models = evaluator.try_models(models).value();
  const auto of_strings = evaluator.try_strings(strings).value();
  CHECK(of_files.size() == paths.size());
  for (std::size_t i = 0; i < paths.size(); ++i) {
    CHECK(equal(*of_files[i], *of_models[i]) && equal(*of_files[i], *of_strings[i]));
    const auto of_file = evaluator.try_file(paths[i]).value();
    CHECK(equal(of_file, evaluator.try_model(models[i]).value()));
    CHECK(equal(of_file, evaluator.try_string(strings[i]).value()));
    print(paths[i], of_file);
  }
  return 0;
}
