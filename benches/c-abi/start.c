/* A program that does nothing; with -DLIBRARY, it opens and closes a handle. */

#ifdef LIBRARY
#include <guestfs.h>
#endif

int
main (void)
{
#ifdef LIBRARY
  guestfs_close (guestfs_create ());
#endif
  return 0;
}
