# LVM2: physical volumes, groups and logical volumes.
#~ pv_uuid|vg_uuid|lv_uuid: LVM makes them up

part-init /dev/sdb mbr
part-add /dev/sdb p 2048 104447
part-add /dev/sdb p 104448 206847
part-add /dev/sdb p 206848 309247
part-add /dev/sdb p 309248 -1
pvcreate /dev/sdb1
pvcreate /dev/sdb2
pvcreate /dev/sdb3
pvcreate /dev/sdb9
pvcreate /dev/sdb1
pvs
#= structs
pvs-full
#= shape: made up
pvuuid /dev/sdb1
pvuuid /dev/sdb4
vgs
#= structs
vgs-full
vgcreate one "/dev/sdb1 /dev/sdb2"
vgcreate two /dev/sdb3
vgcreate two /dev/sdb4
vgcreate three /dev/sdb1
vgcreate "bad name" /dev/sdb4
vgcreate -bad /dev/sdb4
vgs
#= structs
vgs-full
#= structs
pvs-full
pvremove /dev/sdb4
lvcreate a one 20
lvcreate b one 12
lvcreate my-lv one 4
lvcreate a one 4
lvcreate too-large one 4000
lvcreate zero one 0
lvcreate negative one -4
lvcreate -bad one 4
lvcreate x absent 4
lvcreate-free c two 50
lvcreate-free d two 100
lvcreate-free e two 100
lvcreate-free e two 0
lvcreate-free e two 101
lvcreate-free e two -1
lvs
#= mask lv_uuid|lv_kernel_major|lv_kernel_minor: made up; in the order in which volumes were switched on
#= structs
lvs-full
#= structs
vgs-full
#= structs
pvs-full
blockdev-getsize64 /dev/one/a
blockdev-getsize64 /dev/mapper/two-c
lvm-canonical-lv-name /dev/mapper/one-my--lv
is-lv /dev/one/a
is-lv /dev/sdb1
list-dm-devices
lvresize /dev/one/a 40
blockdev-getsize64 /dev/one/a
lvresize /dev/one/a 16
blockdev-getsize64 /dev/one/a
lvresize /dev/one/a 17
blockdev-getsize64 /dev/one/a
lvresize /dev/one/absent 40
lvresize /dev/one/a 4000
lvresize /dev/one/a 0
lvresize /dev/sdb1 40
lvresize-free /dev/one/a 10
blockdev-getsize64 /dev/one/a
lvresize-free /dev/one/a 0
lvresize-free /dev/one/a 101
lvresize-free /dev/one/absent 10
lvrename /dev/one/b /dev/one/renamed
lvrename renamed again
lvrename /dev/one/renamed /dev/one/a
lvrename /dev/one/absent /dev/one/x
lvrename /dev/one/renamed /dev/two/renamed
lvs
vgrename two zwei
vgrename absent x
vgrename zwei one
vgrename zwei "bad name"
lvs
vgs

# What is on them survives.
mkfs ext4 /dev/one/a label:on-lvm
mount /dev/one/a /
write /file "on a logical volume"
mounts
mountpoints
#= df
df
lvremove /dev/one/a
umount-all
lvresize-free /dev/one/a 100
resize2fs /dev/one/a
mount /dev/mapper/one-a /
cat /file
umount /
vfs-label /dev/one/a
checksum-device sha256 /dev/zwei/c
copy-device-to-device /dev/one/my-lv /dev/zwei/c
vg-activate false one
lvs
blockdev-getsize64 /dev/one/a
vg-activate true one
vg-activate true absent
vg-activate-all false
mount /dev/one/a /
vg-activate-all true
mount /dev/one/a /
cat /file
vg-activate false one
umount /
lvremove /dev/one/my-lv
lvremove /dev/one/my-lv
lvremove /dev/sdb1
lvs
vglvuuids absent
pvchange-uuid /dev/sdb1
pvchange-uuid /dev/sdb4
pvchange-uuid-all
vgchange-uuid one
vgchange-uuid absent
vgchange-uuid-all
#= shape: made up
vgpvuuids one
#= shape: made up
vglvuuids one
#= shape: made up
lvuuid /dev/one/a
#= shape: made up
vguuid zwei
#= structs
pvs-full
#= structs
vgs-full
pvresize /dev/sdb1
pvresize /dev/sdb4
pvresize-size /dev/sdb3 60000000
pvresize-size /dev/sdb3 40000000
pvresize-size /dev/sdb3 1000
#= structs
pvs-full
vgscan
lvm-scan false
lvm-scan true
lvm-set-filter /dev/sdb
vgs
lvm-clear-filter
vgs
pvremove /dev/sdb3
lvremove /dev/zwei
lvs
vgremove zwei
vgremove zwei
vgs
pvs
pvremove /dev/sdb3
pvs
lvm-remove-all
lvs
vgs
pvs
list-dm-devices
vfs-type /dev/sdb1

# For the end: a volume over two disks' worth of partitions that the parsers read again.
zero-device /dev/sdb1
zero-device /dev/sdb2
pvcreate /dev/sdb1
pvcreate /dev/sdb2
vgcreate last "/dev/sdb1 /dev/sdb2"
lvcreate-free whole last 100
mkfs ext4 /dev/last/whole blocksize:1024
mount /dev/last/whole /
fill-pattern abcdefg 5000000 /pattern
mkdir-p /a/b/c
write /a/b/c/file "deep down\n"
umount /
lvs
