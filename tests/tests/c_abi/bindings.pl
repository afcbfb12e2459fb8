# Every kind of argument and result through libguestfs's Perl binding, and errors.
#
# What the calls print goes to the file that is named, the rest to stdout.
use strict;
use warnings;
use Sys::Guestfs;

my $g = Sys::Guestfs->new ();
$g->internal_test_set_output ($ARGV[0]);
my $buffer = join "", map { chr } 0..255;
$g->internal_test ("abc", "def", [], 0, 0, 0, "123", "456", "abc\0abc");
$g->internal_test ("abc", undef, ["1"], 1, -1, "-1", "", "456", $buffer);
$g->internal_test ("abc", "def", ["1", "", "\xff"], 1, 2**31 - 1, "9223372036854775807", "1", "2", "",
                   obool => 1, oint => -1, oint64 => "1099511627776", ostring => "string", ostringlist => ["a", ""]);
$g->internal_test_only_optargs ();
$g->internal_test_only_optargs (test => 1);
$g->internal_test_63_optargs (opt1 => 1, opt63 => 63);
$g->internal_test_close_output ();

sub show {
  my ($name, @arguments) = @_;
  my $method = "internal_test_$name";
  my @answer = eval { $g->$method (@arguments) };
  if ($@) {
    (my $error = $@) =~ s/ at .*//s;
    print "$name @arguments: failed: $error\n";
    return;
  }
  print "$name @arguments: ", join ("|", map { plain ($_) } @answer), "\n";
}

sub plain {
  my ($value) = @_;
  return "undef" unless defined $value;
  return $value unless ref $value;
  return join ",", map { "$_=" . plain ($value->{$_}) } sort keys %$value;
}

show ("rint", $_), show ("rint64", $_) for qw(10 0 -7 2147483647 word);
show ("rbool", $_) for qw(true false);
show ($_, "a\xffb") for qw(rstring rconststring rconstoptstring rbufferout);
show ("rstringlist", $_), show ("rstructlist", $_) for qw(0 1 3 many);
show ("rhashtable", $_) for qw(0 1 many);
show ("rstruct", "unused");
show ("${_}err") for qw(rint rint64 rbool rconststring rconstoptstring rstring rstringlist rstruct rstructlist rhashtable
                        rbufferout);
print "last_errno: ", $g->last_errno (), "\n";
$g->close ();
