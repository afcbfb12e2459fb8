# Linux's software RAID, and encrypted devices.

part-init /dev/sdc gpt
part-add /dev/sdc p 2048 43007
part-add /dev/sdc p 43008 83967
part-add /dev/sdc p 83968 124927
part-add /dev/sdc p 124928 165887
part-add /dev/sdc p 165888 247807
part-add /dev/sdc p 247808 -34
list-md-devices
md-create mirror "/dev/sdc1 /dev/sdc2"
list-md-devices
#= mask uuid|devname: made up
#= lines
md-detail /dev/md127
#= lines
md-stat /dev/md127
vfs-type /dev/sdc1
mkfs ext2 /dev/md127 label:mirrored
mount /dev/md127 /
write /file "twice"
md-stop /dev/md127
umount /
vfs-label /dev/md127
#= lines
list-filesystems
blockdev-getsize64 /dev/md127
md-stop /dev/md127
list-md-devices
md-stop /dev/md127
md-stop /dev/sdc3
md-detail /dev/sdc3
md-stat /dev/sdc3
md-create s "/dev/sdc3 /dev/sdc4" level:0 chunk:65536
#= mask uuid|devname: made up
#= lines
md-detail /dev/md127
md-stop /dev/md127
md-create five "/dev/sdc1 /dev/sdc2 /dev/sdc3 /dev/sdc4" level:5 nrdevices:3 spare:1
#= mask uuid|devname: made up
#= lines
md-detail /dev/md127
md-stop /dev/md127
md-create degraded /dev/sdc1 missingbitmap:2 level:raid1
#= lines
md-stat /dev/md127
md-stop /dev/md127
md-create wrong "/dev/sdc1 /dev/sdc2" level:nonsense
md-create wrong "/dev/sdc1 /dev/sdc2" nrdevices:3
md-create wrong "/dev/sdc1 /dev/sdc2" level:1 chunk:1000
md-create wrong "/dev/sdc1 /dev/sdc9"
md-create wrong /dev/sdc1 level:1 spare:-1
list-md-devices
wipefs /dev/sdc1
wipefs /dev/sdc2
wipefs /dev/sdc3
wipefs /dev/sdc4

# LUKS. Deriving keys takes its time, so there are few.
luks-format /dev/sdc5 0
#< first
vfs-type /dev/sdc5
#= shape: made up
luks-uuid /dev/sdc5
luks-uuid /dev/sdc4
luks-open /dev/sdc5 opened
#< wrong
luks-open /dev/sdc5 opened
#< first
list-dm-devices
luks-open /dev/sdc5 opened
#< first
luks-open /dev/sdc4 other
#< first
blockdev-getsize64 /dev/mapper/opened
mkfs ext4 /dev/mapper/opened label:secret
vfs-label /dev/mapper/opened
mount /dev/mapper/opened /
write /file "in secret"
mounts
luks-close /dev/mapper/opened
umount /
luks-add-key /dev/sdc5 3
#< first
#< second
luks-kill-slot /dev/sdc5 0
#< second
luks-close /dev/mapper/opened
list-dm-devices
luks-close /dev/mapper/opened
luks-close /dev/sdc5
luks-open-ro /dev/sdc5 readonly
#< second
blockdev-getro /dev/mapper/readonly
mount-ro /dev/mapper/readonly /
cat /file
umount /
cryptsetup-close /dev/mapper/readonly
cryptsetup-open /dev/sdc4 x
#< second
cryptsetup-open /dev/sdc5 x crypttype:nonsense
#< second
luks-format /dev/sdc6 -1
#< key
luks-format-cipher /dev/sdc6 0 nonsense
#< key
vfs-type /dev/sdc6
