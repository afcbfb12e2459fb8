# What a program in Perl asks: lists, hashes, structs, optional arguments, errors, the handle's end.
use strict;
use warnings;
use Data::Dumper;
use Sys::Guestfs;

$Data::Dumper::Sortkeys = 1;
$Data::Dumper::Indent = 1;
$Data::Dumper::Useqq = 1;

my $g = Sys::Guestfs->new();

sub ask {
    my ($name, @arguments) = @_;
    my @answer = eval { $g->$name(@arguments) };
    if ($@) {
        my $error = $@;
        $error =~ s/ at \S+ line \d+\.$//;
        print "$name: fails with errno ", $g->last_errno(), "\n";
        print STDERR "libguestfs: error: $error";
    } else {
        # What the oracle's mount changes, and what depends on the order in which its kernel finds the disks.
        @answer = %{ {@answer} }{ grep { !/^(atime|dev)$/ } sort keys %{ {@answer} } } if $name eq "lstat";
        print "$name: ", Data::Dumper->new([\@answer])->Terse(1)->Dump;
    }
}

my @closed;
$g->set_event_callback(sub { push @closed, $_[1] }, $Sys::Guestfs::EVENT_CLOSE);
ask("get_verbose");
ask("get_attach_method");
ask("add_drive_ro", "absent.raw");
ask("add_drive", "mbr.raw", readonly => 1, format => "raw");
ask("add_drive_opts", "tiny.raw", readonly => 1);
ask("launch");
ask("list_devices");
ask("list_partitions");
ask("list_filesystems");
ask("part_list", "/dev/sda");
ask("part_get_parttype", "/dev/sda");
ask("part_get_mbr_id", "/dev/sda", 2);
ask("mount_ro", "/dev/sda5", "/");
ask("mount_ro", "/dev/sda6", "/dos");
ask("mountpoints");
ask("cat", "/etc/hostname");
ask("cat", "/absent");
ask("ls", "/dos");
ask("lstat", "/etc/grub-link");
ask("read_file", "/dos/UPPER.TXT");
ask("is_dir", "/etc");
ask("is_dir", "/etc/dos-link");
ask("is_dir", "/etc/dos-link", followsymlinks => 1);
ask("readlink", "/etc/dos-link");
ask("find", "/boot");
ask("du", "/etc");
ask("tune2fs_l", "/dev/sda1");
ask("umount", "/dos");
ask("umount_all");
ask("internal_test", "abc", "def", [], 0, 0, 0, "123", "456", "\0abc\0", obool => 1, oint => 5, ostring => "s");
ask("internal_test_rstruct", "x");
ask("internal_test_rhashtable", "3");
ask("internal_test_rbufferouterr");
ask("shutdown");
$g->close();
print "closed: @closed\n";
