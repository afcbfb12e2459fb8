/* Ends a download that would take minutes: from another thread, then from a signal handler. */

#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

static guestfs_h *g;

static void *
cancel_soon (void *unused)
{
  (void) unused;
  usleep (200000);
  CHECK (guestfs_user_cancel (g) == 0);
  return NULL;
}

static void
on_alarm (int signal)
{
  (void) signal;
  guestfs_user_cancel (g);
}

static void
download (void)
{
  const time_t start = time (NULL);
  CHECK (guestfs_download (g, "/dev/sda", "/dev/null") == -1);
  CHECK (guestfs_last_errno (g) == EINTR);
  CHECK (time (NULL) - start < 20);
}

int
main (int argc, char *argv[])
{
  CHECK (argc == 2);
  g = guestfs_create ();
  CHECK (guestfs_add_drive_ro (g, argv[1]) == 0 && guestfs_launch (g) == 0);
  guestfs_set_error_handler (g, NULL, NULL);

  pthread_t thread;
  CHECK (pthread_create (&thread, NULL, cancel_soon, NULL) == 0);
  download ();
  CHECK (pthread_join (thread, NULL) == 0);

  signal (SIGALRM, on_alarm);
  alarm (1);
  download ();

  /* What was cancelled is over: the next call isn't. */
  int64_t size = guestfs_blockdev_getsize64 (g, "/dev/sda");
  CHECK (size > 0 && guestfs_download_offset (g, "/dev/sda", "/dev/null", 0, 4096) == 0);
  guestfs_close (g);
  return 0;
}
