/** What packages bring and no container of ours reads: patterns for `prune` of image definitions. */

/** Unit tests of Python libraries, and their translations. */
export const libraryExtras = ["/usr/lib/python3/dist-packages/*/tests", "/usr/lib/python3/dist-packages/*/locale"]

/** 50 MB of Perl's modules; `perl-base`, which dpkg and debconf run on, keeps its own elsewhere. */
export const fullPerl = ["/usr/share/perl/5*", "/usr/lib/*-linux-gnu/perl/5*", "/usr/lib/*-linux-gnu/libperl.so.5*"]
