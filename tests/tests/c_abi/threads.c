/* Many handles in many threads, and one handle in several. */

#include <pthread.h>

#include "check.h"

enum { THREADS = 8, HANDLES = 8, SHARING = 4, ROUNDS = 50 };

static const char *image;
static guestfs_h *shared;

static void *
many (void *unused)
{
  (void) unused;
  guestfs_h *handles[HANDLES];
  for (int i = 0; i < HANDLES; ++i)
    handles[i] = mounted (image);
  for (int i = 0; i < HANDLES; ++i)
    check_contents (handles[i]);
  for (int i = 0; i < HANDLES; ++i)
    guestfs_close (handles[i]);
  return NULL;
}

/* Each thread has errors of its own, and none reads or frees another's. */
static void *
sharing (void *place)
{
  char path[32], message[128];
  snprintf (path, sizeof path, "/missing-%d", (int) (intptr_t) place);
  snprintf (message, sizeof message, "download: %s: No such file or directory", path);
  guestfs_set_error_handler (shared, NULL, NULL);
  for (int round = 0; round < ROUNDS; ++round) {
    check_contents (shared);
    CHECK (guestfs_cat (shared, path) == NULL);
    CHECK (same (guestfs_last_error (shared), message) && guestfs_last_errno (shared) == ENOENT);
  }
  return NULL;
}

static void
in_threads (int count, void *(*run) (void *))
{
  pthread_t threads[THREADS];
  for (int i = 0; i < count; ++i)
    CHECK (pthread_create (&threads[i], NULL, run, (void *) (intptr_t) i) == 0);
  for (int i = 0; i < count; ++i)
    CHECK (pthread_join (threads[i], NULL) == 0);
}

int
main (int argc, char *argv[])
{
  CHECK (argc == 2);
  image = argv[1];
  in_threads (THREADS, many);
  shared = mounted (image);
  in_threads (SHARING, sharing);
  guestfs_close (shared);
  return 0;
}
