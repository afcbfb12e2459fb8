# More disks than letters, with and without labels; a disk that is one filesystem; an empty one.
add-drive-ro tiny.raw
add-drive-ro empty.raw
add-drive tiny.qcow2 readonly:true label:labelled
add-drive-scratch 1M label:scratch
add-drive-ro tiny.raw
add-drive-ro tiny.raw
add-drive-ro tiny.raw
add-drive-ro tiny.raw
add-drive-ro tiny.raw
add-drive-ro tiny.raw
add-drive-ro tiny.raw
add-drive-ro tiny.raw
add-drive-ro tiny.raw
add-drive-ro tiny.raw
add-drive-ro tiny.raw
add-drive-ro tiny.raw
add-drive-ro tiny.raw
add-drive-ro tiny.raw
add-drive-ro tiny.raw
add-drive-ro tiny.raw
add-drive-ro tiny.raw
add-drive-ro tiny.raw
add-drive-ro tiny.raw
add-drive-ro tiny.raw
add-drive-ro tiny.raw
add-drive-ro tiny.raw
add-drive-ro tiny.raw
add-drive-ro tiny.raw
nr-devices
run
nr-devices
list-devices
list-partitions
#= lines
list-filesystems
#= lines
list-disk-labels
device-index /dev/sdaa
device-index /dev/sdab
device-index /dev/sdac
device-index /dev/sdz
device-index /dev/disk/guestfs/labelled
blockdev-getsize64 /dev/sdab
blockdev-getsize64 /dev/disk/guestfs/labelled
blockdev-getsize64 /dev/disk/guestfs/absent
blockdev-getsize64 /dev/vdab
is-whole-device /dev/sdab
#= differs: there only the names that the kernel has are known to be whole disks
is-whole-device /dev/disk/guestfs/labelled
canonical-device-name /dev/vdab
canonical-device-name /dev/disk/guestfs/labelled
vfs-type /dev/sda
vfs-type /dev/sdb
vfs-type /dev/sdc
vfs-label /dev/sdab
#= only success
part-get-parttype /dev/sda
#= only success
part-get-parttype /dev/sdb
part-list /dev/sda
#= only success
part-list /dev/sdb
is-zero-device /dev/sdb
is-zero-device /dev/sdd
mount-ro /dev/sdab /
ls /
cat /words
umount /
mount-ro /dev/disk/guestfs/labelled /
mounts
cat /words
add-drive-ro tiny.raw
remove-drive labelled
set-memsize 800
get-memsize
