/* Reads a file again and again: cat_loop IMAGE DEVICE PATH ROUNDS prints nanoseconds per call. */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <guestfs.h>

int
main (int argc, char *argv[])
{
  guestfs_h *g = guestfs_create ();
  if (argc != 5 || guestfs_add_drive_ro (g, argv[1]) == -1 || guestfs_launch (g) == -1
      || guestfs_mount_ro (g, argv[2], "/") == -1)
    return EXIT_FAILURE;
  const long rounds = atol (argv[4]);
  struct timespec start, end;
  clock_gettime (CLOCK_MONOTONIC, &start);
  for (long round = 0; round < rounds; ++round) {
    char *contents = guestfs_cat (g, argv[3]);
    if (contents == NULL)
      return EXIT_FAILURE;
    free (contents);
  }
  clock_gettime (CLOCK_MONOTONIC, &end);
  printf ("%.0f\n", ((end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec)) / rounds);
  guestfs_close (g);
  return 0;
}
