// Signal masks, which strict C hides.
#define _POSIX_C_SOURCE 200809L
#include "CKernels.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

typedef struct {
  void (*body)(void *);
  void *context;
} task;

static void *run(void *argument) {
  const task *t = argument;
  t->body(t->context);
  return NULL;
}

// Threads made here take no signals but those of their own faults: interrupts go to the main thread, as its
// handlers expect. (A thread inherits the mask of the one that makes it.)
static void block_signals(sigset_t *old) {
  static const int faults[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};
  sigset_t all;
  sigfillset(&all);
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) sigdelset(&all, faults[i]);
  pthread_sigmask(SIG_SETMASK, &all, old);
}

int32_t ep_run_on_threads(int32_t count, size_t stackBytes, void (*body)(void *), void *context) {
  task t = {body, context};
  int32_t made = 0;
  pthread_attr_t attributes;
  pthread_t *const threads = count > 1 ? malloc((size_t)(count - 1) * sizeof *threads) : NULL;
  if (threads && pthread_attr_init(&attributes) == 0) {
    sigset_t old;
    block_signals(&old);
    pthread_attr_setstacksize(&attributes, stackBytes);
    while (made < count - 1 && pthread_create(&threads[made], &attributes, run, &t) == 0) made++;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attributes);
  }
  body(context);
  for (int32_t i = 0; i < made; i++) pthread_join(threads[i], NULL);
  free(threads);
  return made + 1;
}
