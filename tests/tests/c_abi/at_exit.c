/* Handles that are open when the program exits are closed then, unless they were made not to be. */

#include "check.h"

static void
on_close (guestfs_h *g, void *opaque, uint64_t event, int event_handle, int flags, const char *buf, size_t buf_len,
          const uint64_t *array, size_t array_len)
{
  (void) event_handle, (void) flags, (void) buf, (void) buf_len, (void) array, (void) array_len;
  CHECK (event == GUESTFS_EVENT_CLOSE && guestfs_get_private (g, "name") != NULL);
  printf ("closed: %s\n", (const char *) opaque);
  fflush (stdout);
}

static void
open_handle (unsigned flags, char *name)
{
  guestfs_h *g = guestfs_create_flags (flags);
  guestfs_set_private (g, "name", name);
  CHECK (guestfs_set_event_callback (g, on_close, GUESTFS_EVENT_CLOSE, 0, name) >= 0);
}

int
main (void)
{
  static char left_open[] = "left open", kept_open[] = "kept open";
  open_handle (0, left_open);
  open_handle (GUESTFS_CREATE_NO_CLOSE_ON_EXIT, kept_open);
  puts ("exiting");
  fflush (stdout);
  return 0;
}
