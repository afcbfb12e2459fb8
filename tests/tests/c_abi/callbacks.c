/* Calls from within callbacks, of every kind of event that happens without an appliance. What is expected is what libguestfs
 * 1.48 was seen to do, but where that destroys the session: calls on disks while another one is under way.
 */

#include <pthread.h>

#include "check.h"

static int heard[16];

/* What failed, without printing it. */
static int
fails_with (guestfs_h *g, int result, const char *words)
{
  return result == -1 && strstr (guestfs_last_error (g), words) != NULL;
}

/* What needs no disk works everywhere. */
static void
ask_properties (guestfs_h *g, int is_ready)
{
  CHECK (guestfs_get_verbose (g) == 0 && guestfs_get_path (g) != NULL);
  CHECK (guestfs_get_state (g) == (is_ready ? 2 : 0) && guestfs_is_ready (g) == is_ready && guestfs_is_busy (g) == 0);
  CHECK (guestfs_set_identifier (g, "called_back") == 0 && same (guestfs_get_identifier (g), "called_back"));
  struct guestfs_version *version = guestfs_version (g);
  CHECK (version != NULL && version->major == 1);
  guestfs_free_version (version);
  if (is_ready)
    CHECK (fails_with (g, guestfs_launch (g), "config state") && fails_with (g, guestfs_set_pgroup (g, 1), "config state"));
}

/* Not only where it is mounted, but to its end. */
static void
ask_disks (guestfs_h *g)
{
  char **devices = guestfs_list_devices (g);
  CHECK (devices != NULL && same (devices[0], "/dev/sda"));
  for (char **device = devices; *device; ++device)
    free (*device);
  free (devices);
}

static void
on_event (guestfs_h *g, void *opaque, uint64_t event, int event_handle, int flags, const char *buf, size_t buf_len,
          const uint64_t *array, size_t array_len)
{
  (void) opaque, (void) event_handle, (void) flags, (void) buf, (void) buf_len, (void) array, (void) array_len;
  static __thread int within;
  /* What is called here is told here too. */
  if (within)
    return;
  within = 1;
  for (int bit = 0; bit < 16; ++bit)
    heard[bit] += (event >> bit) & 1;
  switch (event) {
  case GUESTFS_EVENT_LAUNCH_DONE:
    ask_properties (g, 1);
    ask_disks (g);
    CHECK (guestfs_mount_ro (g, "/dev/sda", "/") == 0);
    break;
  case GUESTFS_EVENT_ENTER:
  case GUESTFS_EVENT_TRACE:
    ask_properties (g, 1);
    ask_disks (g);
    check_contents (g);
    break;
  case GUESTFS_EVENT_PROGRESS:
    ask_properties (g, 1);
    CHECK (fails_with (g, guestfs_exists (g, "/"), "download is under way"));
    CHECK (fails_with (g, guestfs_shutdown (g), "download is under way"));
    CHECK (guestfs_user_cancel (g) == 0);
    /* It stays cancelled, whatever is called. */
    ask_properties (g, 1);
    break;
  case GUESTFS_EVENT_CLOSE:
    ask_properties (g, 0);
    CHECK (fails_with (g, guestfs_exists (g, "/"), "call launch before"));
    guestfs_close (g);
    break;
  }
  within = 0;
}

static void
on_error (guestfs_h *g, void *opaque, const char *message)
{
  int *errors = opaque;
  CHECK (strstr (message, "/missing") && same (message, guestfs_last_error (g)));
  ++*errors;
  check_contents (g);
}

/* Makes the error that it is told of again. */
static void
on_error_again (guestfs_h *g, void *opaque, const char *message)
{
  (void) message;
  int *levels = opaque;
  ++*levels;
  CHECK (guestfs_set_smp (g, 0) == -1);
}

/* Calls back for what it calls, and so on: an error ends it. */
static void
on_event_again (guestfs_h *g, void *opaque, uint64_t event, int event_handle, int flags, const char *buf, size_t buf_len,
                const uint64_t *array, size_t array_len)
{
  (void) event, (void) event_handle, (void) flags, (void) buf, (void) buf_len, (void) array, (void) array_len;
  int *levels = opaque;
  ++*levels;
  if (guestfs_get_verbose (g) == -1)
    CHECK (strstr (guestfs_last_error (g), "levels deep"));
}

static void *
use_meanwhile (void *handle)
{
  for (int round = 0; round < 200; ++round)
    check_contents (handle);
  return NULL;
}

int
main (int argc, char *argv[])
{
  CHECK (argc == 3);
  guestfs_h *g = guestfs_create ();
  CHECK (guestfs_add_drive_ro (g, argv[1]) == 0 && guestfs_add_drive_ro (g, argv[2]) == 0);
  guestfs_set_error_handler (g, NULL, NULL);
  const uint64_t kinds = GUESTFS_EVENT_LAUNCH_DONE | GUESTFS_EVENT_PROGRESS | GUESTFS_EVENT_CLOSE;
  CHECK (guestfs_set_event_callback (g, on_event, kinds, 0, NULL) >= 0);
  CHECK (guestfs_launch (g) == 0 && heard[2] == 1);

  /* Another thread uses the handle between the calls, not within them. */
  pthread_t thread;
  CHECK (pthread_create (&thread, NULL, use_meanwhile, g) == 0);
  int number = guestfs_set_event_callback (g, on_event, GUESTFS_EVENT_ENTER, 0, NULL);
  check_contents (g);
  CHECK (heard[7] >= 1);
  guestfs_delete_event_callback (g, number);
  number = guestfs_set_event_callback (g, on_event, GUESTFS_EVENT_TRACE, 0, NULL);
  CHECK (guestfs_set_trace (g, 1) == 0);
  check_contents (g);
  CHECK (guestfs_set_trace (g, 0) == 0 && heard[6] >= 4);
  guestfs_delete_event_callback (g, number);
  CHECK (pthread_join (thread, NULL) == 0);

  int errors = 0;
  guestfs_push_error_handler (g, on_error, &errors);
  CHECK (guestfs_cat (g, "/missing") == NULL && errors == 1);
  guestfs_pop_error_handler (g);

  int levels = 0;
  guestfs_push_error_handler (g, on_error_again, &levels);
  CHECK (guestfs_set_smp (g, 0) == -1 && levels > 1 && levels < 1000);
  guestfs_pop_error_handler (g);
  levels = 0;
  number = guestfs_set_event_callback (g, on_event_again, GUESTFS_EVENT_ENTER, 0, &levels);
  CHECK (guestfs_get_verbose (g) == 0 && levels > 1 && levels < 1000);
  guestfs_delete_event_callback (g, number);

  CHECK (guestfs_download (g, "/dev/sdb", "/dev/null") == -1 && guestfs_last_errno (g) == EINTR && heard[3] == 1);
  check_contents (g);
  guestfs_close (g);
  CHECK (heard[0] == 1);
  return 0;
}
