/* Checks that end the program with the place that failed. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                     \
  do {                                                                       \
    if (!(condition)) {                                                      \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                               \
    }                                                                        \
  } while (0)

/* A call that must succeed. */
#define SUCCEED(call)                                                            \
  do {                                                                           \
    nneval_error *error = NULL;                                                  \
    if ((call) != NNEVAL_STATUS_OK) {                                            \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, nneval_error_message(error)); \
      exit(1);                                                                   \
    }                                                                            \
    CHECK(error == NULL);                                                        \
  } while (0)

#endif
