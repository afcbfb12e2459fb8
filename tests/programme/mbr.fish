# An MBR disk with logical partitions, and several filesystems mounted over one another as its fstab says.
add-drive-ro mbr.raw
run
list-devices
list-partitions
#= lines
list-filesystems
part-get-parttype /dev/sda
part-list /dev/sda
part-get-bootable /dev/sda 1
part-get-bootable /dev/sda 2
part-get-bootable /dev/sda 5
part-get-bootable /dev/sda 9
part-get-mbr-id /dev/sda 1
part-get-mbr-id /dev/sda 3
part-get-mbr-id /dev/sda 7
part-get-mbr-id /dev/sda 20
part-get-mbr-part-type /dev/sda 1
part-get-mbr-part-type /dev/sda 3
part-get-mbr-part-type /dev/sda 5
part-get-mbr-part-type /dev/sda 20
part-get-name /dev/sda 1
#= differs: sgdisk makes up a GUID, another one each time
part-get-disk-guid /dev/sda
#= differs: there sgdisk makes a GPT of it, in its memory
part-get-gpt-type /dev/sda 1
#= differs: sgdisk makes up a GUID, another one each time
part-get-gpt-guid /dev/sda 1
#= differs: there sgdisk makes a GPT of it, in its memory
part-get-gpt-attributes /dev/sda 1
sfdisk-l /dev/sda
sfdisk-kernel-geometry /dev/sda
sfdisk-disk-geometry /dev/sda
part-to-dev /dev/sda5
part-to-partnum /dev/sda8
blockdev-getsize64 /dev/sda3
blockdev-getsize64 /dev/sda5
vfs-type /dev/sda1
vfs-type /dev/sda2
vfs-type /dev/sda3
vfs-type /dev/sda5
vfs-type /dev/sda6
vfs-type /dev/sda7
vfs-type /dev/sda8
vfs-label /dev/sda6
vfs-label /dev/sda7
vfs-uuid /dev/sda1
vfs-minimum-size /dev/sda1
vfs-minimum-size /dev/sda2
vfs-minimum-size /dev/sda5
vfs-minimum-size /dev/sda6
vfs-minimum-size /dev/sda7
vfs-minimum-size /dev/sda8
#= lines
blkid /dev/sda
#= lines
blkid /dev/sda1
# LABEL_FATBOOT, the label once more as the boot sector has it, is not told.
#= without LABEL_FATBOOT
blkid /dev/sda6
#= lines
tune2fs-l /dev/sda1
#= lines
tune2fs-l /dev/sda5
mount-ro /dev/sda5 /
mount-ro /dev/sda1 /boot
mount-ro /dev/sda6 /dos
mount-ro /dev/sda7 /win
mounts
#= lines
mountpoints
cat /etc/hostname
cat /etc/grub-link/grub.cfg
cat /etc/dos-link/UPPER.TXT
cat /boot/../etc/hostname
cat /win/Windows/System32/Hosts.TXT
ls /boot
ls /dos
ls /win
ll /boot
ll /dos
ll /win
#= lines
find /boot
#= lines
find /dos
checksum sha256 /boot/vmlinuz
statns /boot/vmlinuz
statns /boot
#= without st_ino
statns /dos/EFI
statns /win
statvfs /
statvfs /boot
statvfs /dos
#= df
df
#= df
df-h
du /boot
du /dos
tar-out / all.tar
checksums-out sha256 / all.sums
find0 / all.list0
umount /boot
ls /boot
umount-all
ls /
#= only success
mount-ro /dev/sda3 /
mount-ro /dev/sda2 /
mount-ro /dev/sda8 /
mount /dev/sda1 /
cat /grub/grub.cfg
mounts
umount /
