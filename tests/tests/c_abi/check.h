/* What the C programs of the tests share. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <guestfs.h>

#define CHECK(condition)                                                          \
  do {                                                                            \
    if (!(condition)) {                                                           \
      fprintf (stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
      exit (EXIT_FAILURE);                                                        \
    }                                                                             \
  } while (0)

static inline int
same (const char *left, const char *right)
{
  return left && right && strcmp (left, right) == 0;
}

/* A handle that looks at "image", launched, with its filesystem mounted. */
static inline guestfs_h *
mounted (const char *image)
{
  guestfs_h *g = guestfs_create ();
  CHECK (g != NULL);
  CHECK (guestfs_add_drive_opts (g, image, GUESTFS_ADD_DRIVE_OPTS_READONLY, 1,
                                 GUESTFS_ADD_DRIVE_OPTS_FORMAT, "raw", -1) == 0);
  CHECK (guestfs_launch (g) == 0);
  CHECK (guestfs_mount_ro (g, "/dev/sda", "/") == 0);
  return g;
}

/* The file /a/s5000 of the fixture ext-small. */
static inline void
check_contents (guestfs_h *g)
{
  size_t size;
  char *contents = guestfs_read_file (g, "/a/s5000", &size);
  CHECK (contents != NULL && size == 5000);
  for (size_t i = 0; i < size; ++i)
    CHECK ((unsigned char) contents[i] == i * 7 % 256);
  free (contents);
}
