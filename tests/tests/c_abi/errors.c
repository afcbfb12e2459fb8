/* Wrong use, errors and their handlers, events, private data, structs: nothing of it crashes, leaks or lies. */

/* Callbacks of the old kind are tested too. */
#define GUESTFS_NO_WARN_DEPRECATED 1
#include "check.h"

static guestfs_h *current;
static char heard[256];
static int events[16];

static void
hear (guestfs_h *g, void *opaque, const char *msg)
{
  CHECK (g == current && opaque == heard);
  snprintf (heard, sizeof heard, "%s", msg);
}

static int
failed_with (guestfs_h *g, int r, const char *message)
{
  if (r == -1 && same (guestfs_last_error (g), message) && guestfs_last_errno (g) == 0)
    return 1;
  fprintf (stderr, "returned %d, %s, errno %d\n", r, guestfs_last_error (g), guestfs_last_errno (g));
  return 0;
}

static void
wrong_arguments (guestfs_h *g)
{
  CHECK (failed_with (g, guestfs_mount (g, "/dev/sda", NULL), "mount: mountpoint: parameter cannot be NULL"));
  CHECK (failed_with (g, guestfs_add_drive (g, NULL), "add_drive_opts: filename: parameter cannot be NULL"));
  CHECK (guestfs_command (g, NULL) == NULL);
  CHECK (same (guestfs_last_error (g), "command: arguments: parameter cannot be NULL"));
  CHECK (failed_with (g, guestfs_write (g, "/x", NULL, 0), "write: content: parameter cannot be NULL"));
  CHECK (failed_with (g, guestfs_write (g, "/x", "x", SIZE_MAX), "write: content: no buffer has that size"));
  CHECK (guestfs_read_file (g, "/x", NULL) == NULL);

  struct guestfs_add_drive_opts_argv optargs = { .bitmask = UINT64_C (1) << 40 };
  CHECK (guestfs_add_drive_opts_argv (g, "/dev/null", &optargs) == -1);
  CHECK (strstr (guestfs_last_error (g), "add_drive_opts: unknown option in guestfs_add_drive_opts_argv->bitmask"));
  optargs.bitmask = GUESTFS_ADD_DRIVE_OPTS_FORMAT_BITMASK;
  optargs.format = NULL;
  CHECK (failed_with (g, guestfs_add_drive_opts_argv (g, "/dev/null", &optargs),
                      "add_drive_opts: format: optional parameter cannot be NULL"));
  optargs.bitmask = GUESTFS_ADD_DRIVE_OPTS_SERVER_BITMASK;
  optargs.server = NULL;
  CHECK (failed_with (g, guestfs_add_drive_opts_argv (g, "/dev/null", &optargs),
                      "add_drive_opts: server: optional list cannot be NULL"));
  CHECK (guestfs_add_drive_opts (g, "/dev/null", 99, 1, -1) == -1);
  CHECK (strstr (guestfs_last_error (g), "add_drive: unknown option 99"));
  CHECK (guestfs_add_drive_opts (g, "/dev/null", -7, 1, -1) == -1);
  CHECK (failed_with (g, guestfs_add_drive_opts (g, "/dev/null", GUESTFS_ADD_DRIVE_OPTS_READONLY, 1,
                                                 GUESTFS_ADD_DRIVE_OPTS_READONLY, 1, -1),
                      "add_drive: same optional argument specified more than once"));
  CHECK (guestfs_add_drive_opts_argv (g, "/dev/null", NULL) == 0);
  CHECK (guestfs_add_drive (g, "/no\xff\xfe") == -1 && guestfs_last_errno (g) == ENOENT);
  CHECK (strstr (guestfs_last_error (g), "/no\xff\xfe: No such file or directory"));
  CHECK (guestfs_cat (g, "/x") == NULL);
  CHECK (strstr (guestfs_last_error (g), "download: call launch before using this function"));
}

static void
no_handle (void)
{
  CHECK (guestfs_cat (NULL, "/x") == NULL);
  CHECK (guestfs_launch (NULL) == -1 && guestfs_user_cancel (NULL) == -1);
  CHECK (guestfs_mkfs_opts (NULL, "ext2", "/dev/sda", 99, 1, -1) == -1);
  CHECK (guestfs_last_error (NULL) == NULL && guestfs_last_errno (NULL) == 0);
  guestfs_set_error_handler (NULL, NULL, NULL);
  guestfs_push_error_handler (NULL, NULL, NULL);
  guestfs_pop_error_handler (NULL);
  CHECK (guestfs_get_error_handler (NULL, NULL) == NULL);
  CHECK (guestfs_set_event_callback (NULL, NULL, 0, 0, NULL) == -1);
  guestfs_delete_event_callback (NULL, 0);
  guestfs_set_private (NULL, "key", NULL);
  CHECK (guestfs_get_private (NULL, "key") == NULL && guestfs_first_private (NULL, NULL) == NULL);
  guestfs_close (NULL);
}

static void
error_handlers (guestfs_h *g)
{
  void *opaque = NULL;
  const guestfs_error_handler_cb first = guestfs_get_error_handler (g, &opaque);
  CHECK (first != NULL && opaque == NULL);
  current = g;
  guestfs_set_error_handler (g, hear, heard);
  CHECK (guestfs_get_error_handler (g, &opaque) == hear && opaque == heard);
  CHECK (guestfs_set_smp (g, 0) == -1 && same (heard, "invalid smp parameter: 0"));
  guestfs_push_error_handler (g, NULL, NULL);
  heard[0] = '\0';
  CHECK (guestfs_set_smp (g, 0) == -1 && heard[0] == '\0');
  guestfs_pop_error_handler (g);
  CHECK (guestfs_set_smp (g, 0) == -1 && heard[0] != '\0');
  guestfs_pop_error_handler (g);
  guestfs_pop_error_handler (g);
  CHECK (guestfs_get_error_handler (g, NULL) == first);
  guestfs_set_error_handler (g, NULL, NULL);
  guestfs_abort_cb out_of_memory = guestfs_get_out_of_memory_handler (g);
  CHECK (out_of_memory != NULL);
  guestfs_set_out_of_memory_handler (g, out_of_memory);
}

/* Called in the middle of a call. */
static void
on_event (guestfs_h *g, void *opaque, uint64_t event, int event_handle, int flags, const char *buf, size_t buf_len,
          const uint64_t *array, size_t array_len)
{
  CHECK (opaque == events && flags == 0 && (array == NULL) == (array_len == 0));
  CHECK ((buf == NULL) == (buf_len == 0) && (buf == NULL || strlen (buf) == buf_len));
  for (int bit = 0; bit < 16; ++bit)
    events[bit] += (event >> bit) & 1;
  if (event != GUESTFS_EVENT_ENTER)
    return;
  /* Calls work here (callbacks.c); closing is refused. */
  guestfs_delete_event_callback (g, event_handle);
  guestfs_set_private (g, "from the callback", events);
  CHECK (guestfs_get_trace (g) == 0 && guestfs_user_cancel (g) == 0);
  guestfs_close (g);
}

static void
log_message (guestfs_h *g, void *opaque, char *buf, int len)
{
  (void) g, (void) opaque, (void) buf, (void) len;
}

static void
on_close (guestfs_h *g, void *opaque)
{
  CHECK (g == current && opaque == heard);
  strcpy (heard, "closed");
}

static void
event_callbacks (guestfs_h *g)
{
  const int number = guestfs_set_event_callback (g, on_event, GUESTFS_EVENT_ALL, 0, events);
  CHECK (number >= 0);
  CHECK (failed_with (g, guestfs_set_event_callback (g, on_event, GUESTFS_EVENT_ALL, 1, events),
                      "flags parameter should be passed as 0 to this function"));
  CHECK (guestfs_set_event_callback (g, NULL, GUESTFS_EVENT_ALL, 0, NULL) == -1);
  CHECK (guestfs_get_trace (g) == 0 && events[7] == 1);
  CHECK (guestfs_get_private (g, "from the callback") == events);
  CHECK (guestfs_get_trace (g) == 0 && events[7] == 1);
  CHECK (guestfs_set_event_callback (g, on_event, GUESTFS_EVENT_TRACE, 0, events) == number + 1);
  CHECK (guestfs_set_trace (g, 1) == 0 && guestfs_get_trace (g) == 1 && guestfs_set_trace (g, 0) == 0);
  CHECK (events[6] > 0);
  guestfs_delete_event_callback (g, 1000);
  guestfs_set_log_message_callback (g, log_message, NULL);
  guestfs_set_log_message_callback (g, NULL, NULL);
  guestfs_set_close_callback (g, on_close, heard);

  char *names = guestfs_event_to_string (GUESTFS_EVENT_TRACE | GUESTFS_EVENT_CLOSE);
  CHECK (same (names, "close,trace"));
  free (names);
  names = guestfs_event_to_string (0);
  CHECK (same (names, ""));
  free (names);
}

static void
private_data (guestfs_h *g)
{
  int value;
  const char *key = NULL;
  guestfs_set_private (g, "from the callback", NULL);
  CHECK (guestfs_first_private (g, &key) == NULL);
  guestfs_set_private (g, "one", &value);
  guestfs_set_private (g, "two", g);
  CHECK (guestfs_get_private (g, "one") == &value && guestfs_get_private (g, "three") == NULL);
  int walked = 0;
  for (void *data = guestfs_first_private (g, &key); data != NULL; data = guestfs_next_private (g, &key)) {
    CHECK (data == (same (key, "one") ? (void *) &value : (void *) g));
    walked++;
  }
  CHECK (walked == 2);
}

static void
structs (guestfs_h *g)
{
  struct guestfs_lvm_pv_list *list = guestfs_internal_test_rstructlist (g, "3");
  CHECK (list != NULL && list->len == 3);
  struct guestfs_lvm_pv_list *copy = guestfs_copy_lvm_pv_list (list);
  CHECK (copy != NULL && copy->len == 3 && copy->val[1].pv_name != list->val[1].pv_name);
  CHECK (guestfs_compare_lvm_pv_list (list, copy) == 0);
  copy->val[2].pv_size++;
  CHECK (guestfs_compare_lvm_pv_list (list, copy) < 0 && guestfs_compare_lvm_pv_list (copy, list) > 0);
  CHECK (guestfs_compare_lvm_pv (&list->val[0], &list->val[1]) < 0);
  struct guestfs_lvm_pv *one = guestfs_copy_lvm_pv (&list->val[0]);
  CHECK (one != NULL && guestfs_compare_lvm_pv (one, &list->val[0]) == 0);
  guestfs_free_lvm_pv (one);
  guestfs_free_lvm_pv_list (list);
  guestfs_free_lvm_pv_list (copy);

  struct guestfs_xattr with_nul = { .attrname = (char *) "name", .attrval_len = 3, .attrval = (char *) "a\0b" };
  struct guestfs_xattr *xattr = guestfs_copy_xattr (&with_nul);
  CHECK (xattr != NULL && xattr->attrval_len == 3 && memcmp (xattr->attrval, "a\0b", 3) == 0);
  CHECK (guestfs_compare_xattr (&with_nul, xattr) == 0);
  xattr->attrval[2] = 'c';
  CHECK (guestfs_compare_xattr (&with_nul, xattr) < 0);
  guestfs_free_xattr (xattr);

  guestfs_free_lvm_pv (NULL);
  guestfs_free_lvm_pv_list (NULL);
  CHECK (guestfs_copy_lvm_pv (NULL) == NULL && guestfs_copy_lvm_pv_list (NULL) == NULL);
  CHECK (guestfs_compare_lvm_pv (NULL, NULL) == 0);
}

static void
strings_of_the_handle (guestfs_h *g)
{
  CHECK (guestfs_set_identifier (g, "first") == 0);
  const char *first = guestfs_get_identifier (g);
  CHECK (guestfs_set_identifier (g, "second") == 0);
  CHECK (same (guestfs_get_identifier (g), "second") && same (first, "first"));
  CHECK (guestfs_set_identifier (g, "") == 0);
  CHECK (guestfs_get_append (g) == NULL);
  CHECK (guestfs_c_pointer (g) == (int64_t) (intptr_t) g);
}

int
main (int argc, char *argv[])
{
  CHECK (argc == 2);
  no_handle ();
  guestfs_h *g = guestfs_create_flags (GUESTFS_CREATE_NO_ENVIRONMENT);
  CHECK (guestfs_last_error (g) == NULL && guestfs_last_errno (g) == 0);
  error_handlers (g);
  wrong_arguments (g);
  event_callbacks (g);
  private_data (g);
  structs (g);
  strings_of_the_handle (g);
  guestfs_close (g);
  CHECK (same (heard, "closed"));
  guestfs_close (g);

  g = mounted (argv[1]);
  guestfs_set_error_handler (g, NULL, NULL);
  CHECK (guestfs_cat (g, "relative") == NULL && strstr (guestfs_last_error (g), "path must start with a / character"));
  CHECK (guestfs_cat (g, "/no\xff\xfe") == NULL && guestfs_last_errno (g) == ENOENT);
  CHECK (same (guestfs_last_error (g), "download: /no\xff\xfe: No such file or directory"));
  CHECK (guestfs_download (g, "/a/s5000", "/nonexistent/file") == -1 && guestfs_last_errno (g) == ENOENT);
  CHECK (same (guestfs_last_error (g), "/nonexistent/file: No such file or directory"));
  CHECK (guestfs_download (g, "/a/s5000", "/dev/full") == -1 && guestfs_last_errno (g) == ENOSPC);
  CHECK (same (guestfs_last_error (g), "/dev/full: write: No space left on device"));
  CHECK (guestfs_rm (g, "/a") == -1 && guestfs_last_errno (g) == ENOTSUP);
  CHECK (guestfs_launch (g) == -1 && guestfs_add_drive (g, "/dev/null") == -1);
  size_t size;
  CHECK (guestfs_pread (g, "/a/s5000", -1, 0, &size) == NULL && guestfs_pread (g, "/a/s5000", 1, -1, &size) == NULL);
  CHECK (guestfs_pread (g, "/far", 5 << 20, 0, &size) == NULL);
  CHECK (strstr (guestfs_last_error (g), "too large"));
  check_contents (g);
  /* Left open: closed when the program exits. */
  return 0;
}
