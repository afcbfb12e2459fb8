# A guest on LVM over two disks: / linear, /usr striped, /var in two segments, and a second volume group with dashes in its names.
add-drive-ro lvm-a.raw
add-drive-ro lvm-b.raw
run
list-devices
list-partitions
#= lines
list-filesystems
pvs
vgs
lvs
list-dm-devices
#= structs
pvs-full
#= structs
vgs-full
#= structs
lvs-full
pvuuid /dev/sda2
pvuuid /dev/sdb1
#= only success
pvuuid /dev/sda1
vguuid guestvg
vguuid data-vg
vguuid absent
lvuuid /dev/guestvg/root
lvuuid /dev/mapper/guestvg-usr
lvuuid /dev/guestvg/absent
vglvuuids guestvg
vgpvuuids guestvg
vgpvuuids absent
is-lv /dev/guestvg/root
is-lv /dev/sda2
is-lv /dev/mapper/data--vg-my--lv
is-lv /dev/absent/lv
lvm-canonical-lv-name /dev/mapper/guestvg-root
lvm-canonical-lv-name /dev/mapper/data--vg-my--lv
lvm-canonical-lv-name /dev/guestvg/root
lvm-canonical-lv-name /dev/sda2
lvm-canonical-lv-name /dev/absent/lv
#= differs: vgcfgbackup adds comments, and the time and place where it runs
vgmeta guestvg
vgscan
lvm-scan true
vg-activate-all true
vg-activate true guestvg
vg-activate true absent
vfs-type /dev/sda2
vfs-type /dev/sdb1
vfs-type /dev/guestvg/root
vfs-type /dev/mapper/guestvg-usr
vfs-type /dev/guestvg/swap
vfs-label /dev/guestvg/root
vfs-label /dev/data-vg/my-lv
vfs-uuid /dev/sda2
vfs-uuid /dev/guestvg/root
#= without DEVNAME|PART_ENTRY_DISK
blkid /dev/sda2
#= lines
blkid /dev/guestvg/root
blockdev-getsize64 /dev/guestvg/root
blockdev-getsize64 /dev/guestvg/var
blockdev-getsz /dev/guestvg/usr
blockdev-getss /dev/guestvg/usr
blockdev-getsize64 /dev/guestvg/absent
is-whole-device /dev/guestvg/root
part-to-dev /dev/guestvg/root
part-get-parttype /dev/guestvg/root
canonical-device-name /dev/mapper/guestvg-root
canonical-device-name /dev/guestvg/root
findfs-label lvm-root
findfs-label my-data
checksum-device sha256 /dev/guestvg/usr
checksum-device sha256 /dev/guestvg/var
checksum-device sha256 /dev/guestvg/root
mount-ro /dev/guestvg/root /
mount-ro /dev/mapper/guestvg-usr /usr
mount-ro /dev/guestvg/var /var
mount-ro /dev/sda1 /boot
mount-ro /dev/data-vg/my-lv /srv
mounts
#= lines
mountpoints
cat /etc/fstab
cat /boot/boot.cfg
cat /srv/link
ls /
ls /usr
head-n 2 /var/log/syslog
cat /etc/os-release
ll /bin/
#= lines
find /var/lib/dpkg/info
checksums-out sha256 /usr usr.sums
checksums-out sha256 /var var.sums
tar-out /usr usr.tar
tar-out /srv srv.tar
#= df
df
#= df
df-h
umount /var
cat /var/log/syslog
umount-all
lvm-set-filter "/dev/sda /dev/sdb"
vgs
#= differs: there vgchange fails, because of the volume group that lacks a volume now
lvm-set-filter /dev/sda
vgs
pvs
lvm-clear-filter
vgs
vg-activate-all false
lvs
lvm-set-filter /dev/absent
