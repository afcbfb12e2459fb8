/* What the manual's synopsis does, and what is freed after it. */

#include "check.h"

int
main (int argc, char *argv[])
{
  CHECK (argc == 2);
  guestfs_h *g = guestfs_create ();
  CHECK (guestfs_add_drive (g, argv[1]) == 0);
  CHECK (guestfs_launch (g) == 0);
  CHECK (guestfs_mount (g, "/dev/sda", "/") == 0);
  check_contents (g);

  char **names = guestfs_ls (g, "/");
  CHECK (names != NULL);
  for (size_t i = 0; names[i] != NULL; ++i) {
    puts (names[i]);
    free (names[i]);
  }
  free (names);

  struct guestfs_statns *stat = guestfs_statns (g, "/a/s5000");
  CHECK (stat != NULL && stat->st_size == 5000);
  guestfs_free_statns (stat);

  struct guestfs_xattr_list *xattrs = guestfs_getxattrs (g, "/a/s100");
  CHECK (xattrs != NULL);
  int found = 0;
  for (uint32_t i = 0; i < xattrs->len; ++i)
    found |= same (xattrs->val[i].attrname, "user.small") && xattrs->val[i].attrval_len == 5
      && memcmp (xattrs->val[i].attrval, "value", 5) == 0;
  CHECK (found);
  guestfs_free_xattr_list (xattrs);

  char **pairs = guestfs_list_filesystems (g);
  CHECK (pairs != NULL && same (pairs[0], "/dev/sda") && same (pairs[1], "ext4") && pairs[2] == NULL);
  free (pairs[0]);
  free (pairs[1]);
  free (pairs);

  char *kind = guestfs_vfs_type (g, "/dev/sda");
  CHECK (same (kind, "ext4"));
  free (kind);

  CHECK (guestfs_umount (g, "/") == 0);
  CHECK (guestfs_shutdown (g) == 0);
  guestfs_close (g);
  return 0;
}
