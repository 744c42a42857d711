/* reload LIBRARY EVALUATOR OTHER FILE: opens libnneval, evaluates on two
 * evaluators at once, closes it, and does so again; no thread of
 * nneval's is left over. */
#define _GNU_SOURCE
#include "nneval.h"

#include <dirent.h>
#include <dlfcn.h>
#include <string.h>

#include "check.h"

/* Number of threads; none is nneval's (ONNX Runtime keeps one). */
static int threads(void) {
  DIR *tasks = opendir("/proc/self/task");
  CHECK(tasks != NULL);
  int count = 0;
  for (struct dirent *d; (d = readdir(tasks)) != NULL;) {
    char path[512], name[32] = "";
    snprintf(path, sizeof path, "/proc/self/task/%s/comm", d->d_name);
    FILE *file = fopen(path, "r");
    if (file == NULL) continue;
    CHECK(fgets(name, sizeof name, file) != NULL && strcmp(name, "nneval\n") != 0);
    fclose(file);
    ++count;
  }
  closedir(tasks);
  return count;
}

/* A function of the library, as a pointer of the type that the header declares. */
#define FUNCTION(name)                        \
  __typeof__(&name) p_##name;                 \
  *(void **)&p_##name = dlsym(library, #name); \
  CHECK(p_##name != NULL)

static double run(const char *path, const char *const evaluators[2], const char *file) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  CHECK(library != NULL);
  FUNCTION(nneval_evaluator_load);
  FUNCTION(nneval_evaluate_file);
  FUNCTION(nneval_prediction_metric_at);
  FUNCTION(nneval_prediction_free);
  FUNCTION(nneval_evaluator_free);
  FUNCTION(nneval_error_message);
#define nneval_error_message p_nneval_error_message
  nneval_evaluator *both[2];
  double values[2];
  for (int i = 0; i < 2; ++i) {
    SUCCEED(p_nneval_evaluator_load(evaluators[i], NULL, &both[i], &error));
  }
  for (int i = 0; i < 2; ++i) {
    nneval_prediction *p;
    nneval_metric m;
    SUCCEED(p_nneval_evaluate_file(both[i], file, &p, &error));
    SUCCEED(p_nneval_prediction_metric_at(p, 0, &m, &error));
    values[i] = m.value;
    p_nneval_prediction_free(p);
  }
  for (int i = 0; i < 2; ++i) p_nneval_evaluator_free(both[i]);
  CHECK(dlclose(library) == 0);
  return values[0] + values[1];
}

int main(int argc, char **argv) {
  CHECK(argc == 5);
  const char *const evaluators[2] = {argv[2], argv[3]};
  const double first = run(argv[1], evaluators, argv[4]);
  const int left = threads();
  for (int again = 0; again < 3; ++again) {
    CHECK(run(argv[1], evaluators, argv[4]) == first);
    CHECK(threads() == left);
  }
  return 0;
}
