# BTF blobs, valid and each with one defect: what BPF_BTF_LOAD says (test_check.c, blob.h). Lines of
# "want" were written by a kernel (test_check check.t --judge), but where "kernel: other" says that 7.2
# is newer or skep stricter (docs/divergences.md).

name: a blob of one int
types: int INT 4 0x01000020
want: ok

name: shorter than the header's length field
types: int INT 4 0x01000020
header: cut=7
want: EINVAL hdr_len not found

name: shorter than its header
types: int INT 4 0x01000020
header: cut=23
want: EINVAL btf_header not found

name: hdr_len beyond the blob
types: int INT 4 0x01000020
header: hdr_len=4000
want: EINVAL btf_header not found

name: hdr_len too small to hold sections
types: int INT 4 0x01000020
header: hdr_len=8
want: EINVAL Unsupported section found

name: a longer header that ends in zeros
types: int INT 4 0x01000020
header: hdr=40 hdr_len=40
want: ok

name: a longer header that does not
types: int INT 4 0x01000020
header: hdr=40 hdr_len=40 byte@39=1
want: E2BIG Unsupported btf_header

name: a header of odd length
types: int INT 4 0x01000020
header: hdr=33 hdr_len=33
want: ok

name: a foreign magic
types: int INT 4 0x01000020
header: magic=0x9feb
want: EINVAL Invalid magic

name: another magic
types: int INT 4 0x01000020
header: magic=0x1234
want: EINVAL Invalid magic

name: another version
types: int INT 4 0x01000020
header: version=2
want: ENOTSUPP Unsupported version

name: a flag
types: int INT 4 0x01000020
header: flags=1
want: ENOTSUPP Unsupported flags

name: no data
types: int INT 4 0x01000020
header: cut=24
want: EINVAL No data

name: types begin later
types: int INT 4 0x01000020
header: type_off=4
want: EINVAL Unsupported section found

name: types begin at an odd offset
types: int INT 4 0x01000020
header: type_off=1 type_len-1
want: EINVAL Unsupported section found

name: types beyond the blob
types: int INT 4 0x01000020
header: type_off=4000
want: EINVAL Unsupported section found

name: strings beyond the blob
types: int INT 4 0x01000020
header: str_off=4000
want: EINVAL Invalid section offset

name: types longer than the blob
types: int INT 4 0x01000020
header: type_len=4000
want: EINVAL Total section length too long

name: strings longer than the blob
types: int INT 4 0x01000020
header: str_len+4
want: EINVAL Total section length too long

name: strings overlap types
types: int INT 4 0x01000020
header: str_off-4 str_len+4
want: EINVAL Section overlap found

name: strings inside types
types: int INT 4 0x01000020
header: str_off=4 str_len=8
want: EINVAL Section overlap found

name: a gap between types and strings
types: int INT 4 0x01000020
header: str_off+1 str_len-1
want: EINVAL Unsupported section found

name: strings do not reach the end
types: int INT 4 0x01000020
header: str_len-1
want: EINVAL Unsupported section found

name: bytes behind the strings
types: int INT 4 0x01000020
header: body+4
want: EINVAL Unsupported section found

name: strings first
types: int INT 4 0x01000020
header: type_off=4 type_len-4 str_off=0 str_len=4
want: EINVAL Unsupported section found

name: no types
types: int INT 4 0x01000020
header: type_len=0 str_off=0 str_len=21
want: EINVAL Invalid string section

name: a string section without bytes
types: int INT 4 0x01000020
header: str_len=0 str_off=21 type_len=21
want: EINVAL Invalid string section

name: a string section of no length
types: int INT 4 0x01000020
header: str_len=0
want: EINVAL Unsupported section found

name: strings end without a zero
types: int INT 4 0x01000020
header: byte@-1=65
want: EINVAL Invalid string section

name: strings begin without a zero
types: int INT 4 0x01000020
header: byte@40=65
want: EINVAL Invalid string section

name: type_len that ends within a record
types: int INT 4 0x01000020
header: type_len-4 str_off-4 str_len+4
want: EINVAL Invalid string section

name: lengths that overflow
types: int INT 4 0x01000020
header: type_len=0xfffffffc str_len=20
want: EINVAL Total section length too long

name: offset that overflows
types: int INT 4 0x01000020
header: str_off=0xfffffff0
want: EINVAL Invalid section offset

name: int: signed
types: x INT 4 0x01000020
want: ok

name: int: char
types: x INT 1 0x02000008
want: ok

name: int: bool
types: x INT 1 0x04000008
want: ok

name: int: no encoding
types: x INT 8 0x40
want: ok

name: int: 16 bytes
types: x INT 16 0x80
want: ok

name: int: 3 bytes
types: x INT 3 0x18
want: ok

name: int: 0 bits of 4 bytes
types: x INT 4 0
want: ok

name: int: 0 bytes
types: x INT 0 0
want: ok

name: int: bit-field of 5 at 3
types: x INT 4 0x00030005
want: ok

name: int: size of 2^31
types: x INT 0x80000000 0x20
want: ok

name: int: two encodings
types: x INT 4 0x03000020
want: ENOTSUPP [1] INT x size=4 bits_offset=0 nr_bits=32 encoding=UNKN Unsupported encoding

name: int: encoding 8
types: x INT 1 0x08000008
want: ENOTSUPP [1] INT x size=1 bits_offset=0 nr_bits=8 encoding=UNKN Unsupported encoding

name: int: encoding 15
types: x INT 1 0x0f000008
want: ENOTSUPP [1] INT x size=1 bits_offset=0 nr_bits=8 encoding=UNKN Unsupported encoding

name: int: an unused high bit
types: x INT 4 0x10000020
want: EINVAL [1] INT x Invalid int_data:10000020

name: int: unused middle bits
types: x INT 4 0x0000ff20
want: ok

name: int: 129 bits
types: x INT 32 0x81
want: EINVAL [1] INT x size=32 bits_offset=0 nr_bits=129 encoding=(none) nr_bits exceeds 128

name: int: more bits than its size
types: x INT 4 0x21
want: EINVAL [1] INT x size=4 bits_offset=0 nr_bits=33 encoding=(none) nr_bits exceeds type_size

name: int: offset that leads beyond its size
types: x INT 4 0x00010020
want: EINVAL [1] INT x size=4 bits_offset=1 nr_bits=32 encoding=(none) nr_bits exceeds type_size

name: int: offset and bits of 129
types: x INT 32 0x00800001
want: EINVAL [1] INT x size=32 bits_offset=128 nr_bits=1 encoding=(none) nr_bits exceeds 128

name: int: anonymous
types: - INT 4 0x20
want: ok

name: int: a name of any characters
types: a%20b INT 4 0x20
want: ok

name: int: vlen
types: int INT:1 4 0x20
want: EINVAL [1] INT int size=4 bits_offset=0 nr_bits=32 encoding=(none) vlen != 0

name: int: kind flag
types: int INT+ 4 0x20
want: EINVAL [1] INT int size=4 bits_offset=0 nr_bits=32 encoding=(none) Invalid btf_info kind_flag

name: int: data missing
types: int INT 4
want: EINVAL [1] INT int meta_left:0 meta_needed:4

name: int: name beyond the strings
types: #100 INT 4 0x20
want: EINVAL [1] Invalid name_offset:100

name: int: name at the last byte
types: #4 INT 4 0x20
header: body+0
want: EINVAL [1] Invalid name_offset:4

name: PTR: to int
types: int INT 4 0x01000020
       - PTR 1
want: ok

name: PTR: named
types: int INT 4 0x01000020
       p PTR 1
want: EINVAL [2] PTR p type_id=1 Invalid name

name: PTR: vlen
types: int INT 4 0x01000020
       - PTR:1 1
want: EINVAL [2] PTR (anon) type_id=1 vlen != 0

name: PTR: kind flag
types: int INT 4 0x01000020
       - PTR+ 1
want: EINVAL [2] PTR (anon) type_id=1 Invalid btf_info kind_flag

name: PTR: to void
types: int INT 4 0x01000020
       - PTR 0
want: ok

name: PTR: to itself
types: int INT 4 0x01000020
       - PTR self
want: EEXIST [2] PTR (anon) type_id=2 Loop detected

name: PTR: out of range
types: int INT 4 0x01000020
       - PTR 100
want: EINVAL [2] PTR (anon) type_id=100 Invalid type_id

name: PTR: beyond all ids
types: int INT 4 0x01000020
       - PTR 0x100000
want: EINVAL [2] PTR (anon) type_id=1048576 Invalid type_id

name: PTR: to a variable
types: int INT 4 0x01000020
       v VAR 1 1
       - PTR 2
want: EINVAL [3] PTR (anon) type_id=2 Invalid type_id

name: PTR: to a section
types: int INT 4 0x01000020
       v VAR 1 1
       s DATASEC:1 4 2 0 4
       - PTR 3
want: EINVAL [4] PTR (anon) type_id=3 Invalid type_id

name: PTR: to a forward
types: int INT 4 0x01000020
       f FWD 0
       - PTR 2
want: ok

name: PTR: to a prototype
types: int INT 4 0x01000020
       - FUNC_PROTO 0
       - PTR 2
want: ok

name: PTR: to a function
types: int INT 4 0x01000020
       - FUNC_PROTO 0
       f FUNC 2
       - PTR 3
want: ok

name: PTR: to a declaration tag
types: int INT 4 0x01000020
       t TYPEDEF 1
       g DECL_TAG 2 -1
       - PTR 3
want: EINVAL [4] PTR (anon) type_id=3 Invalid type_id

name: CONST: to int
types: int INT 4 0x01000020
       - CONST 1
want: ok

name: CONST: named
types: int INT 4 0x01000020
       p CONST 1
want: EINVAL [2] CONST p type_id=1 Invalid name

name: CONST: vlen
types: int INT 4 0x01000020
       - CONST:1 1
want: EINVAL [2] CONST (anon) type_id=1 vlen != 0

name: CONST: kind flag
types: int INT 4 0x01000020
       - CONST+ 1
want: EINVAL [2] CONST (anon) type_id=1 Invalid btf_info kind_flag

name: CONST: to void
types: int INT 4 0x01000020
       - CONST 0
want: ok

name: CONST: to itself
types: int INT 4 0x01000020
       - CONST self
want: EEXIST [2] CONST (anon) type_id=2 Loop detected

name: CONST: out of range
types: int INT 4 0x01000020
       - CONST 100
want: EINVAL [2] CONST (anon) type_id=100 Invalid type_id

name: CONST: beyond all ids
types: int INT 4 0x01000020
       - CONST 0x100000
want: EINVAL [2] CONST (anon) type_id=1048576 Invalid type_id

name: CONST: to a variable
types: int INT 4 0x01000020
       v VAR 1 1
       - CONST 2
want: EINVAL [3] CONST (anon) type_id=2 Invalid type_id

name: CONST: to a section
types: int INT 4 0x01000020
       v VAR 1 1
       s DATASEC:1 4 2 0 4
       - CONST 3
want: EINVAL [4] CONST (anon) type_id=3 Invalid type_id

name: CONST: to a forward
types: int INT 4 0x01000020
       f FWD 0
       - CONST 2
want: ok

name: CONST: to a prototype
types: int INT 4 0x01000020
       - FUNC_PROTO 0
       - CONST 2
want: ok

name: CONST: to a function
types: int INT 4 0x01000020
       - FUNC_PROTO 0
       f FUNC 2
       - CONST 3
want: ok

name: CONST: to a declaration tag
types: int INT 4 0x01000020
       t TYPEDEF 1
       g DECL_TAG 2 -1
       - CONST 3
want: EINVAL [4] CONST (anon) type_id=3 Invalid type_id

name: VOLATILE: to int
types: int INT 4 0x01000020
       - VOLATILE 1
want: ok

name: VOLATILE: named
types: int INT 4 0x01000020
       p VOLATILE 1
want: EINVAL [2] VOLATILE p type_id=1 Invalid name

name: VOLATILE: vlen
types: int INT 4 0x01000020
       - VOLATILE:1 1
want: EINVAL [2] VOLATILE (anon) type_id=1 vlen != 0

name: VOLATILE: kind flag
types: int INT 4 0x01000020
       - VOLATILE+ 1
want: EINVAL [2] VOLATILE (anon) type_id=1 Invalid btf_info kind_flag

name: VOLATILE: to void
types: int INT 4 0x01000020
       - VOLATILE 0
want: ok

name: VOLATILE: to itself
types: int INT 4 0x01000020
       - VOLATILE self
want: EEXIST [2] VOLATILE (anon) type_id=2 Loop detected

name: VOLATILE: out of range
types: int INT 4 0x01000020
       - VOLATILE 100
want: EINVAL [2] VOLATILE (anon) type_id=100 Invalid type_id

name: VOLATILE: beyond all ids
types: int INT 4 0x01000020
       - VOLATILE 0x100000
want: EINVAL [2] VOLATILE (anon) type_id=1048576 Invalid type_id

name: VOLATILE: to a variable
types: int INT 4 0x01000020
       v VAR 1 1
       - VOLATILE 2
want: EINVAL [3] VOLATILE (anon) type_id=2 Invalid type_id

name: VOLATILE: to a section
types: int INT 4 0x01000020
       v VAR 1 1
       s DATASEC:1 4 2 0 4
       - VOLATILE 3
want: EINVAL [4] VOLATILE (anon) type_id=3 Invalid type_id

name: VOLATILE: to a forward
types: int INT 4 0x01000020
       f FWD 0
       - VOLATILE 2
want: ok

name: VOLATILE: to a prototype
types: int INT 4 0x01000020
       - FUNC_PROTO 0
       - VOLATILE 2
want: ok

name: VOLATILE: to a function
types: int INT 4 0x01000020
       - FUNC_PROTO 0
       f FUNC 2
       - VOLATILE 3
want: ok

name: VOLATILE: to a declaration tag
types: int INT 4 0x01000020
       t TYPEDEF 1
       g DECL_TAG 2 -1
       - VOLATILE 3
want: EINVAL [4] VOLATILE (anon) type_id=3 Invalid type_id

name: RESTRICT: to int
types: int INT 4 0x01000020
       - RESTRICT 1
want: ok

name: RESTRICT: named
types: int INT 4 0x01000020
       p RESTRICT 1
want: EINVAL [2] RESTRICT p type_id=1 Invalid name

name: RESTRICT: vlen
types: int INT 4 0x01000020
       - RESTRICT:1 1
want: EINVAL [2] RESTRICT (anon) type_id=1 vlen != 0

name: RESTRICT: kind flag
types: int INT 4 0x01000020
       - RESTRICT+ 1
want: EINVAL [2] RESTRICT (anon) type_id=1 Invalid btf_info kind_flag

name: RESTRICT: to void
types: int INT 4 0x01000020
       - RESTRICT 0
want: ok

name: RESTRICT: to itself
types: int INT 4 0x01000020
       - RESTRICT self
want: EEXIST [2] RESTRICT (anon) type_id=2 Loop detected

name: RESTRICT: out of range
types: int INT 4 0x01000020
       - RESTRICT 100
want: EINVAL [2] RESTRICT (anon) type_id=100 Invalid type_id

name: RESTRICT: beyond all ids
types: int INT 4 0x01000020
       - RESTRICT 0x100000
want: EINVAL [2] RESTRICT (anon) type_id=1048576 Invalid type_id

name: RESTRICT: to a variable
types: int INT 4 0x01000020
       v VAR 1 1
       - RESTRICT 2
want: EINVAL [3] RESTRICT (anon) type_id=2 Invalid type_id

name: RESTRICT: to a section
types: int INT 4 0x01000020
       v VAR 1 1
       s DATASEC:1 4 2 0 4
       - RESTRICT 3
want: EINVAL [4] RESTRICT (anon) type_id=3 Invalid type_id

name: RESTRICT: to a forward
types: int INT 4 0x01000020
       f FWD 0
       - RESTRICT 2
want: ok

name: RESTRICT: to a prototype
types: int INT 4 0x01000020
       - FUNC_PROTO 0
       - RESTRICT 2
want: ok

name: RESTRICT: to a function
types: int INT 4 0x01000020
       - FUNC_PROTO 0
       f FUNC 2
       - RESTRICT 3
want: ok

name: RESTRICT: to a declaration tag
types: int INT 4 0x01000020
       t TYPEDEF 1
       g DECL_TAG 2 -1
       - RESTRICT 3
want: EINVAL [4] RESTRICT (anon) type_id=3 Invalid type_id

name: typedef: of int
types: int INT 4 0x01000020
       t TYPEDEF 1
want: ok

name: typedef: anonymous
types: int INT 4 0x01000020
       - TYPEDEF 1
want: EINVAL [2] TYPEDEF (anon) type_id=1 Invalid name

name: typedef: of void
types: int INT 4 0x01000020
       t TYPEDEF 0
want: ok

name: typedef: vlen
types: int INT 4 0x01000020
       t TYPEDEF:1 1
want: EINVAL [2] TYPEDEF t type_id=1 vlen != 0

name: typedef: kind flag
types: int INT 4 0x01000020
       t TYPEDEF+ 1
want: EINVAL [2] TYPEDEF t type_id=1 Invalid btf_info kind_flag

name: typedef: of itself
types: int INT 4 0x01000020
       t TYPEDEF self
want: EEXIST [2] TYPEDEF t type_id=2 Loop detected

name: typedef: out of range
types: int INT 4 0x01000020
       t TYPEDEF 9
want: EINVAL [2] TYPEDEF t type_id=9 Invalid type_id

name: name: dot
types: int INT 4 0x01000020
       a.b TYPEDEF 1
want: ok

name: section name: dot
types: int INT 4 0x01000020
       v VAR 1 1
       a.b DATASEC:1 4 2 0 4
want: ok

name: name: leading dot
types: int INT 4 0x01000020
       .a TYPEDEF 1
want: ok

name: section name: leading dot
types: int INT 4 0x01000020
       v VAR 1 1
       .a DATASEC:1 4 2 0 4
want: ok

name: name: digit first
types: int INT 4 0x01000020
       1a TYPEDEF 1
want: EINVAL [2] TYPEDEF 1a type_id=1 Invalid name

name: section name: digit first
types: int INT 4 0x01000020
       v VAR 1 1
       1a DATASEC:1 4 2 0 4
want: ok

name: name: digit later
types: int INT 4 0x01000020
       a1 TYPEDEF 1
want: ok

name: section name: digit later
types: int INT 4 0x01000020
       v VAR 1 1
       a1 DATASEC:1 4 2 0 4
want: ok

name: name: minus
types: int INT 4 0x01000020
       a-b TYPEDEF 1
want: EINVAL [2] TYPEDEF a-b type_id=1 Invalid name

name: section name: minus
types: int INT 4 0x01000020
       v VAR 1 1
       a-b DATASEC:1 4 2 0 4
want: ok

name: name: space
types: int INT 4 0x01000020
       a%20b TYPEDEF 1
want: EINVAL [2] TYPEDEF a b type_id=1 Invalid name

name: section name: space
types: int INT 4 0x01000020
       v VAR 1 1
       a%20b DATASEC:1 4 2 0 4
want: ok

name: name: high byte
types: int INT 4 0x01000020
       a%80 TYPEDEF 1
want: EINVAL [2] TYPEDEF a? type_id=1 Invalid name

name: section name: high byte
types: int INT 4 0x01000020
       v VAR 1 1
       a%80 DATASEC:1 4 2 0 4
want: EINVAL [3] DATASEC a? size=4 vlen=1 Invalid name

name: name: dollar
types: int INT 4 0x01000020
       $a TYPEDEF 1
want: EINVAL [2] TYPEDEF $a type_id=1 Invalid name

name: section name: dollar
types: int INT 4 0x01000020
       v VAR 1 1
       $a DATASEC:1 4 2 0 4
want: ok

name: name: underscore
types: int INT 4 0x01000020
       _a TYPEDEF 1
want: ok

name: section name: underscore
types: int INT 4 0x01000020
       v VAR 1 1
       _a DATASEC:1 4 2 0 4
want: ok

name: name: 512 letters
types: int INT 4 0x01000020
       @512 TYPEDEF 1
want: ok

name: section name: 512 letters
types: int INT 4 0x01000020
       v VAR 1 1
       @512 DATASEC:1 4 2 0 4
want: ok

name: name: 513 letters
types: int INT 4 0x01000020
       @513 TYPEDEF 1
want: EINVAL [2] TYPEDEF aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa type_id=1 Invalid name

name: section name: 513 letters
types: int INT 4 0x01000020
       v VAR 1 1
       @513 DATASEC:1 4 2 0 4
want: EINVAL [3] DATASEC aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa size=4 vlen=1 Invalid name

name: name: 511 letters
types: int INT 4 0x01000020
       @511 TYPEDEF 1
want: ok

name: section name: 511 letters
types: int INT 4 0x01000020
       v VAR 1 1
       @511 DATASEC:1 4 2 0 4
want: ok

name: name: an empty string
types: int INT 4 0x01000020
       #4 TYPEDEF 1
want: EINVAL [2] TYPEDEF  type_id=1 Invalid name

name: section name: control character
types: int INT 4 0x01000020
       v VAR 1 1
       a%09 DATASEC:1 4 2 0 4
want: EINVAL [3] DATASEC a  size=4 vlen=1 Invalid name

name: section name: delete
types: int INT 4 0x01000020
       v VAR 1 1
       a%7f DATASEC:1 4 2 0 4
want: EINVAL [3] DATASEC a? size=4 vlen=1 Invalid name

name: type tag: in front
types: int INT 4 0x01000020
       t TYPE_TAG 1
       - PTR 2
want: ok

name: type tag: attribute
types: int INT 4 0x01000020
       t TYPE_TAG+ 1
want: ok

name: type tag: anonymous
types: int INT 4 0x01000020
       - TYPE_TAG 1
want: EINVAL [2] TYPE_TAG (anon) type_id=1 Invalid name

name: type tag: vlen
types: int INT 4 0x01000020
       t TYPE_TAG:1 1
want: EINVAL [2] TYPE_TAG t type_id=1 vlen != 0

name: type tag: any text
types: int INT 4 0x01000020
       a%20b TYPE_TAG 1
want: ok

name: type tag: of a type tag
types: int INT 4 0x01000020
       t TYPE_TAG 1
       u TYPE_TAG 2
want: ok

name: type tag: behind a modifier (7.2 takes any order)
types: int INT 4 0x01000020
       - CONST 3
       t TYPE_TAG 1
want: ok
kernel: other

name: type tag: in front of a modifier
types: int INT 4 0x01000020
       t TYPE_TAG 3
       - CONST 1
want: ok

name: type tag: to itself
types: int INT 4 0x01000020
       t TYPE_TAG self
want: EEXIST [2] TYPE_TAG t type_id=2 Loop detected

name: type tag: empty
types: int INT 4 0x01000020
       #4 TYPE_TAG 1
want: EINVAL [2] TYPE_TAG  type_id=1 Invalid name

name: array: of 3
types: int INT 4 0x01000020
       - ARRAY 0 1 1 3
want: ok

name: array: of 0
types: int INT 4 0x01000020
       - ARRAY 0 1 1 0
want: ok

name: array: named
types: int INT 4 0x01000020
       a ARRAY 0 1 1 3
want: EINVAL [2] ARRAY a type_id=1 index_type_id=1 nr_elems=3 Invalid name

name: array: size
types: int INT 4 0x01000020
       - ARRAY 4 1 1 3
want: EINVAL [2] ARRAY (anon) type_id=1 index_type_id=1 nr_elems=3 size != 0

name: array: vlen
types: int INT 4 0x01000020
       - ARRAY:1 0 1 1 3
want: EINVAL [2] ARRAY (anon) type_id=1 index_type_id=1 nr_elems=3 vlen != 0

name: array: kind flag
types: int INT 4 0x01000020
       - ARRAY+ 0 1 1 3
want: EINVAL [2] ARRAY (anon) type_id=1 index_type_id=1 nr_elems=3 Invalid btf_info kind_flag

name: array: cut
types: int INT 4 0x01000020
       - ARRAY 0 1 1
want: EINVAL [2] ARRAY (anon) meta_left:8 meta_needed:12

name: array: of void
types: int INT 4 0x01000020
       - ARRAY 0 0 1 3
want: EINVAL [2] ARRAY (anon) type_id=0 index_type_id=1 nr_elems=3 Invalid elem

name: array: index void
types: int INT 4 0x01000020
       - ARRAY 0 1 0 3
want: EINVAL [2] ARRAY (anon) type_id=1 index_type_id=0 nr_elems=3 Invalid index

name: array: of itself
types: int INT 4 0x01000020
       - ARRAY 0 self 1 3
want: EEXIST [2] ARRAY (anon) type_id=2 index_type_id=1 nr_elems=3 Loop detected

name: array: index itself
types: int INT 4 0x01000020
       - ARRAY 0 1 self 3
want: EEXIST [2] ARRAY (anon) type_id=1 index_type_id=2 nr_elems=3 Loop detected

name: array: of nothing known
types: int INT 4 0x01000020
       - ARRAY 0 9 1 3
want: EINVAL [2] ARRAY (anon) type_id=9 index_type_id=1 nr_elems=3 Invalid elem

name: array: index of nothing known
types: int INT 4 0x01000020
       - ARRAY 0 1 9 3
want: EINVAL [2] ARRAY (anon) type_id=1 index_type_id=9 nr_elems=3 Invalid index

name: array: elem beyond all ids
types: int INT 4 0x01000020
       - ARRAY 0 0x100000 1 3
want: EINVAL [2] ARRAY (anon) type_id=1048576 index_type_id=1 nr_elems=3 Invalid elem

name: array: index beyond all ids
types: int INT 4 0x01000020
       - ARRAY 0 1 0x100000 3
want: EINVAL [2] ARRAY (anon) type_id=1 index_type_id=1048576 nr_elems=3 Invalid index

name: array: of a forward
types: int INT 4 0x01000020
       f FWD 0
       - ARRAY 0 2 1 3
want: EINVAL [3] ARRAY (anon) type_id=2 index_type_id=1 nr_elems=3 Invalid elem

name: array: of a typedef of a forward
types: int INT 4 0x01000020
       f FWD 0
       t TYPEDEF 2
       - ARRAY 0 3 1 3
want: EINVAL [4] ARRAY (anon) type_id=3 index_type_id=1 nr_elems=3 Invalid elem

name: array: index a pointer
types: int INT 4 0x01000020
       - PTR 1
       - ARRAY 0 1 2 3
want: EINVAL [3] ARRAY (anon) type_id=1 index_type_id=2 nr_elems=3 Invalid index

name: array: index a typedef of int
types: int INT 4 0x01000020
       t TYPEDEF 1
       - ARRAY 0 1 2 3
want: ok

name: array: index a struct
types: int INT 4 0x01000020
       s STRUCT:0 4
       - ARRAY 0 1 2 3
want: EINVAL [3] ARRAY (anon) type_id=1 index_type_id=2 nr_elems=3 Invalid index

name: array: index an irregular int
types: int INT 4 0x01000020
       b INT 4 5
       - ARRAY 0 1 2 3
want: EINVAL [3] ARRAY (anon) type_id=1 index_type_id=2 nr_elems=3 Invalid index

name: array: of an irregular int
types: int INT 4 0x01000020
       b INT 4 5
       - ARRAY 0 2 1 3
want: EINVAL [3] ARRAY (anon) type_id=2 index_type_id=1 nr_elems=3 Invalid array of int

name: array: of a 3-byte int
types: int INT 4 0x01000020
       b INT 3 24
       - ARRAY 0 2 1 3
want: EINVAL [3] ARRAY (anon) type_id=2 index_type_id=1 nr_elems=3 Invalid array of int

name: array: of an enum
types: int INT 4 0x01000020
       e ENUM:1 4 'a 1
       - ARRAY 0 2 1 3
want: ok

name: array: 2^32 bytes
types: int INT 4 0x01000020
       - ARRAY 0 1 1 0x40000000
want: EINVAL [2] ARRAY (anon) type_id=1 index_type_id=1 nr_elems=1073741824 Array size overflows U32_MAX

name: array: just under 2^32 bytes
types: int INT 4 0x01000020
       - ARRAY 0 1 1 0x3fffffff
want: ok

name: array: of arrays that overflow
types: int INT 4 0x01000020
       - ARRAY 0 1 1 0x10000
       - ARRAY 0 2 1 0x4000
want: EINVAL [3] ARRAY (anon) type_id=2 index_type_id=1 nr_elems=16384 Array size overflows U32_MAX

name: array: loop of two
types: int INT 4 0x01000020
       - ARRAY 0 3 1 2
       - ARRAY 0 2 1 2
want: EEXIST [2] ARRAY (anon) type_id=3 index_type_id=1 nr_elems=2 Loop detected

name: array: of functions
types: int INT 4 0x01000020
       - FUNC_PROTO 0
       - ARRAY 0 2 1 2
want: EINVAL [3] ARRAY (anon) type_id=2 index_type_id=1 nr_elems=2 Invalid elem

name: array: of void through const
types: int INT 4 0x01000020
       - CONST 0
       - ARRAY 0 2 1 2
want: EINVAL [3] ARRAY (anon) type_id=2 index_type_id=1 nr_elems=2 Invalid elem

name: array: of a variable
types: int INT 4 0x01000020
       v VAR 1 1
       - ARRAY 0 2 1 2
want: EINVAL [3] ARRAY (anon) type_id=2 index_type_id=1 nr_elems=2 Invalid elem

name: STRUCT: two members
types: int INT 4 0x01000020
       s STRUCT:2 8 'a 1 0 'b 1 32
want: ok

name: STRUCT: without members
types: int INT 4 0x01000020
       s STRUCT 0
want: ok

name: STRUCT: anonymous
types: int INT 4 0x01000020
       - STRUCT:1 4 'a 1 0
want: ok

name: STRUCT: bad name
types: int INT 4 0x01000020
       a-b STRUCT:1 4 'a 1 0
want: EINVAL [2] STRUCT a-b size=4 vlen=1 Invalid name

name: STRUCT: anonymous member
types: int INT 4 0x01000020
       s STRUCT:1 4 0 1 0
want: ok

name: STRUCT: bad member name
types: int INT 4 0x01000020
       s STRUCT:1 4 'a-b 1 0
want: EINVAL  a-b type_id=1 bits_offset=0 Invalid name

name: STRUCT: member name out of range
types: int INT 4 0x01000020
       s STRUCT:1 4 100 1 0
want: EINVAL  (invalid-name-offset) type_id=1 bits_offset=0 Invalid member name_offset:100

name: STRUCT: members cut
types: int INT 4 0x01000020
       s STRUCT:2 8 'a 1 0
want: EINVAL [2] STRUCT s meta_left:12 meta_needed:24

name: STRUCT: void member
types: int INT 4 0x01000020
       s STRUCT:1 8 'a 0 0
want: EINVAL  a type_id=0 bits_offset=0 Invalid type_id

name: STRUCT: member out of range
types: int INT 4 0x01000020
       s STRUCT:1 8 'a 9 0
want: EINVAL  a type_id=9 bits_offset=0 Invalid member

name: STRUCT: member beyond all ids
types: int INT 4 0x01000020
       s STRUCT:1 8 'a 0x100000 0
want: EINVAL  a type_id=1048576 bits_offset=0 Invalid type_id

name: STRUCT: member exceeds
types: int INT 4 0x01000020
       s STRUCT:1 3 'a 1 0
want: EINVAL  a type_id=1 bits_offset=0 Member exceeds struct_size

name: STRUCT: member at its end
types: int INT 4 0x01000020
       s STRUCT:1 4 'a 1 32
want: EINVAL  a type_id=1 bits_offset=32 Member exceeds struct_size

name: STRUCT: offset beyond
types: int INT 4 0x01000020
       s STRUCT:1 4 'a 1 33
want: EINVAL  a type_id=1 bits_offset=33 Member bits_offset exceeds its struct size

name: STRUCT: descending
types: int INT 4 0x01000020
       s STRUCT:2 8 'a 1 32 'b 1 0
want: EINVAL  b type_id=1 bits_offset=0 Invalid member bits_offset

name: STRUCT: of itself
types: int INT 4 0x01000020
       s STRUCT:1 4 'a self 0
want: EEXIST [2] STRUCT s size=4 vlen=1 Loop detected

name: STRUCT: pointer to itself
types: int INT 4 0x01000020
       - PTR 3
       s STRUCT:1 8 'a 2 0
want: ok

name: STRUCT: of a variable
types: int INT 4 0x01000020
       v VAR 1 1
       s STRUCT:1 8 'a 2 0
want: EINVAL  a type_id=2 bits_offset=0 Invalid member

name: STRUCT: of a forward
types: int INT 4 0x01000020
       f FWD 0
       s STRUCT:1 8 'a 2 0
want: EINVAL  a type_id=2 bits_offset=0 Invalid member

name: STRUCT: of a prototype
types: int INT 4 0x01000020
       - FUNC_PROTO 0
       s STRUCT:1 8 'a 2 0
want: EINVAL  a type_id=2 bits_offset=0 Invalid member

name: STRUCT: of a function
types: int INT 4 0x01000020
       - FUNC_PROTO 0
       f FUNC 2
       s STRUCT:1 8 'a 3 0
want: EINVAL  a type_id=3 bits_offset=0 Invalid member

name: STRUCT: bits of a forward
types: int INT 4 0x01000020
       f FWD 0
       s STRUCT+:1 8 'a 2 0x01000000
want: EINVAL  a type_id=2 bitfield_size=1 bits_offset=0 Invalid member

name: STRUCT: of void through const
types: int INT 4 0x01000020
       - CONST 0
       s STRUCT:1 8 'a 2 0
want: EINVAL  a type_id=2 bits_offset=0 Invalid member

name: STRUCT: bit-field of 5
types: int INT 4 0x01000020
       s STRUCT+:1 4 'a 1 0x05000000
want: ok

name: STRUCT: bit-field of 33 of int
types: int INT 4 0x01000020
       s STRUCT+:1 8 'a 1 0x21000000
want: EINVAL  a type_id=1 bitfield_size=33 bits_offset=0 Invalid member bitfield_size

name: STRUCT: member of no bits at an odd place
types: int INT 4 0x01000020
       s STRUCT+:1 8 'a 1 0x00000003
want: EINVAL  a type_id=1 bitfield_size=0 bits_offset=3 Invalid member offset

name: UNION: two members
types: int INT 4 0x01000020
       s UNION:2 8 'a 1 0 'b 1 0
want: ok

name: UNION: without members
types: int INT 4 0x01000020
       s UNION 0
want: ok

name: UNION: anonymous
types: int INT 4 0x01000020
       - UNION:1 4 'a 1 0
want: ok

name: UNION: bad name
types: int INT 4 0x01000020
       a-b UNION:1 4 'a 1 0
want: EINVAL [2] UNION a-b size=4 vlen=1 Invalid name

name: UNION: anonymous member
types: int INT 4 0x01000020
       s UNION:1 4 0 1 0
want: ok

name: UNION: bad member name
types: int INT 4 0x01000020
       s UNION:1 4 'a-b 1 0
want: EINVAL  a-b type_id=1 bits_offset=0 Invalid name

name: UNION: member name out of range
types: int INT 4 0x01000020
       s UNION:1 4 100 1 0
want: EINVAL  (invalid-name-offset) type_id=1 bits_offset=0 Invalid member name_offset:100

name: UNION: members cut
types: int INT 4 0x01000020
       s UNION:2 8 'a 1 0
want: EINVAL [2] UNION s meta_left:12 meta_needed:24

name: UNION: void member
types: int INT 4 0x01000020
       s UNION:1 8 'a 0 0
want: EINVAL  a type_id=0 bits_offset=0 Invalid type_id

name: UNION: member out of range
types: int INT 4 0x01000020
       s UNION:1 8 'a 9 0
want: EINVAL  a type_id=9 bits_offset=0 Invalid member

name: UNION: member beyond all ids
types: int INT 4 0x01000020
       s UNION:1 8 'a 0x100000 0
want: EINVAL  a type_id=1048576 bits_offset=0 Invalid type_id

name: UNION: member exceeds
types: int INT 4 0x01000020
       s UNION:1 3 'a 1 0
want: EINVAL  a type_id=1 bits_offset=0 Member exceeds struct_size

name: UNION: member at its end
types: int INT 4 0x01000020
       s UNION:1 4 'a 1 32
want: EINVAL  a type_id=1 bits_offset=32 Invalid member bits_offset

name: UNION: offset beyond
types: int INT 4 0x01000020
       s UNION:1 4 'a 1 33
want: EINVAL  a type_id=1 bits_offset=33 Invalid member bits_offset

name: UNION: descending
types: int INT 4 0x01000020
       s UNION:2 8 'a 1 32 'b 1 0
want: EINVAL  a type_id=1 bits_offset=32 Invalid member bits_offset

name: UNION: of itself
types: int INT 4 0x01000020
       s UNION:1 4 'a self 0
want: EEXIST [2] UNION s size=4 vlen=1 Loop detected

name: UNION: pointer to itself
types: int INT 4 0x01000020
       - PTR 3
       s UNION:1 8 'a 2 0
want: ok

name: UNION: of a variable
types: int INT 4 0x01000020
       v VAR 1 1
       s UNION:1 8 'a 2 0
want: EINVAL  a type_id=2 bits_offset=0 Invalid member

name: UNION: of a forward
types: int INT 4 0x01000020
       f FWD 0
       s UNION:1 8 'a 2 0
want: EINVAL  a type_id=2 bits_offset=0 Invalid member

name: UNION: of a prototype
types: int INT 4 0x01000020
       - FUNC_PROTO 0
       s UNION:1 8 'a 2 0
want: EINVAL  a type_id=2 bits_offset=0 Invalid member

name: UNION: of a function
types: int INT 4 0x01000020
       - FUNC_PROTO 0
       f FUNC 2
       s UNION:1 8 'a 3 0
want: EINVAL  a type_id=3 bits_offset=0 Invalid member

name: UNION: bits of a forward
types: int INT 4 0x01000020
       f FWD 0
       s UNION+:1 8 'a 2 0x01000000
want: EINVAL  a type_id=2 bitfield_size=1 bits_offset=0 Invalid member

name: UNION: of void through const
types: int INT 4 0x01000020
       - CONST 0
       s UNION:1 8 'a 2 0
want: EINVAL  a type_id=2 bits_offset=0 Invalid member

name: UNION: bit-field of 5
types: int INT 4 0x01000020
       s UNION+:1 4 'a 1 0x05000000
want: ok

name: UNION: bit-field of 33 of int
types: int INT 4 0x01000020
       s UNION+:1 8 'a 1 0x21000000
want: EINVAL  a type_id=1 bitfield_size=33 bits_offset=0 Invalid member bitfield_size

name: UNION: member of no bits at an odd place
types: int INT 4 0x01000020
       s UNION+:1 8 'a 1 0x00000003
want: EINVAL  a type_id=1 bitfield_size=0 bits_offset=3 Invalid member bits_offset

name: struct: bit-field at 27
types: int INT 4 0x01000020
       s STRUCT+:1 4 'a 1 0x0500001b
want: ok

name: struct: bit-field over the end
types: int INT 4 0x01000020
       s STRUCT+:1 4 'a 1 0x0500001c
want: EINVAL  a type_id=1 bitfield_size=5 bits_offset=28 Member exceeds struct_size

name: struct: bit-field of const int
types: int INT 4 0x01000020
       - CONST 1
       s STRUCT+:1 4 'a 2 0x05000000
want: ok

name: struct: bit-field of an irregular int
types: int INT 4 0x01000020
       b INT 4 5
       s STRUCT+:1 4 'a 2 0x05000000
want: EINVAL  a type_id=2 bitfield_size=5 bits_offset=0 Invalid member base type

name: struct: old bit-field
types: int INT 4 0x01000020
       b INT 4 5
       s STRUCT:1 4 'a 2 3
want: ok

name: struct: old bit-field with an offset in the int
types: int INT 4 0x01000020
       b INT 4 0x00030005
       s STRUCT:1 4 'a 2 3
want: ok

name: struct: old bit-field over the end
types: int INT 4 0x01000020
       b INT 4 5
       s STRUCT:1 4 'a 2 28
want: EINVAL  a type_id=2 bits_offset=28 Member exceeds struct_size

name: struct: int at an odd bit
types: int INT 4 0x01000020
       s STRUCT:1 8 'a 1 3
want: ok

name: struct: 128 bits at an odd bit
types: int INT 4 0x01000020
       q INT 16 0x80
       s STRUCT:1 32 'a 2 1
want: EINVAL  a type_id=2 bits_offset=1 nr_copy_bits exceeds 128

name: struct: bit-field of 128 at an odd bit
types: int INT 4 0x01000020
       q INT 16 0x80
       s STRUCT+:1 32 'a 2 0x80000001
want: EINVAL  a type_id=2 bitfield_size=128 bits_offset=1 nr_copy_bits exceeds 128

name: struct: offset and int offset beyond 2^32
types: int INT 4 0x01000020
       b INT 4 0x00080005
       s STRUCT:1 0x20000000 'a 2 0xfffffff9
want: EINVAL  a type_id=2 bits_offset=4294967289 bits_offset exceeds U32_MAX

name: struct: bit-field of a pointer
types: int INT 4 0x01000020
       - PTR 1
       s STRUCT+:1 8 'a 2 0x05000000
want: EINVAL  a type_id=2 bitfield_size=5 bits_offset=0 Invalid member bitfield_size

name: struct: pointer at an odd bit
types: int INT 4 0x01000020
       - PTR 1
       s STRUCT:1 16 'a 2 3
want: EINVAL  a type_id=2 bits_offset=3 Member is not byte aligned

name: struct: pointer over the end
types: int INT 4 0x01000020
       - PTR 1
       s STRUCT:1 8 'a 2 8
want: EINVAL  a type_id=2 bits_offset=8 Member exceeds struct_size

name: struct: pointer with a kind flag
types: int INT 4 0x01000020
       - PTR 1
       s STRUCT+:1 8 'a 2 0
want: ok

name: struct: array
types: int INT 4 0x01000020
       - ARRAY 0 1 1 2
       s STRUCT:1 8 'a 2 0
want: ok

name: struct: array over the end
types: int INT 4 0x01000020
       - ARRAY 0 1 1 2
       s STRUCT:1 7 'a 2 0
want: EINVAL  a type_id=2 bits_offset=0 Member exceeds struct_size

name: struct: array at an odd bit
types: int INT 4 0x01000020
       - ARRAY 0 1 1 1
       s STRUCT:1 8 'a 2 4
want: EINVAL  a type_id=2 bits_offset=4 Member is not byte aligned

name: struct: bit-field of an array
types: int INT 4 0x01000020
       - ARRAY 0 1 1 1
       s STRUCT+:1 8 'a 2 0x04000000
want: EINVAL  a type_id=2 bitfield_size=4 bits_offset=0 Invalid member bitfield_size

name: struct: flexible array at its end
types: int INT 4 0x01000020
       - ARRAY 0 1 1 0
       s STRUCT:2 4 'a 1 0 'b 2 32
want: ok

name: struct: struct
types: int INT 4 0x01000020
       i STRUCT:1 4 'a 1 0
       s STRUCT:1 4 'b 2 0
want: ok

name: struct: struct over the end
types: int INT 4 0x01000020
       i STRUCT:1 4 'a 1 0
       s STRUCT:1 3 'b 2 0
want: EINVAL  b type_id=2 bits_offset=0 Member exceeds struct_size

name: struct: struct at an odd bit
types: int INT 4 0x01000020
       i STRUCT:1 4 'a 1 0
       s STRUCT:1 8 'b 2 4
want: EINVAL  b type_id=2 bits_offset=4 Member is not byte aligned

name: struct: bit-field of a struct
types: int INT 4 0x01000020
       i STRUCT:1 4 'a 1 0
       s STRUCT+:1 8 'b 2 0x04000000
want: EINVAL  b type_id=2 bitfield_size=4 bits_offset=0 Invalid member bitfield_size

name: struct: loop of two
types: int INT 4 0x01000020
       a STRUCT:1 4 'b 3 0
       b STRUCT:1 4 'a 2 0
want: EEXIST [2] STRUCT a size=4 vlen=1 Loop detected

name: struct: loop through a typedef
types: int INT 4 0x01000020
       a STRUCT:1 4 'b 3 0
       t TYPEDEF 2
want: EEXIST [2] STRUCT a size=4 vlen=1 Loop detected

name: struct: loop through an array
types: int INT 4 0x01000020
       a STRUCT:1 4 'b 3 0
       - ARRAY 0 2 1 1
want: EEXIST [2] STRUCT a size=4 vlen=1 Loop detected

name: struct: loop through a typedef that a pointer saw first (6.18 takes it)
types: int INT 4 0x01000020
       - PTR 3
       t TYPEDEF 4
       a STRUCT:1 4 'b 3 0
want: EEXIST [4] STRUCT a size=4 vlen=1 Loop detected
kernel: other

name: struct: loop through an array of a typedef that a pointer saw first
types: int INT 4 0x01000020
       - PTR 3
       t TYPEDEF 4
       a STRUCT:1 4 'b 5 0
       - ARRAY 0 3 1 1
want: EEXIST [4] STRUCT a size=4 vlen=1 Loop detected
kernel: other

name: struct: enum
types: int INT 4 0x01000020
       e ENUM:1 4 'a 1
       s STRUCT:1 4 'b 2 0
want: ok

name: struct: enum at an odd bit
types: int INT 4 0x01000020
       e ENUM:1 4 'a 1
       s STRUCT:1 8 'b 2 4
want: EINVAL  b type_id=2 bits_offset=4 Member is not byte aligned

name: struct: enum over the end
types: int INT 4 0x01000020
       e ENUM:1 4 'a 1
       s STRUCT:1 3 'b 2 0
want: EINVAL  b type_id=2 bits_offset=0 Member exceeds struct_size

name: struct: bit-field of an enum
types: int INT 4 0x01000020
       e ENUM:1 4 'a 1
       s STRUCT+:1 4 'b 2 0x04000003
want: ok

name: struct: bit-field of 33 of an enum
types: int INT 4 0x01000020
       e ENUM:1 8 'a 1
       s STRUCT+:1 8 'b 2 0x21000000
want: EINVAL  b type_id=2 bitfield_size=33 bits_offset=0 Invalid member bitfield_size

name: struct: bit-field of 31 of a 1-byte enum
types: int INT 4 0x01000020
       e ENUM:1 1 'a 1
       s STRUCT+:1 8 'b 2 0x1f000000
want: ok

name: struct: bit-field of an enum over the end
types: int INT 4 0x01000020
       e ENUM:1 4 'a 1
       s STRUCT+:1 4 'b 2 0x0400001d
want: EINVAL  b type_id=2 bitfield_size=4 bits_offset=29 Member exceeds struct_size

name: struct: enum with a kind flag at an odd bit
types: int INT 4 0x01000020
       e ENUM:1 4 'a 1
       s STRUCT+:1 8 'b 2 4
want: EINVAL  b type_id=2 bitfield_size=0 bits_offset=4 Member is not byte aligned

name: struct: bit-field of an enum64
types: int INT 4 0x01000020
       e ENUM64:1 8 'a 1 0
       s STRUCT+:1 8 'b 2 0x20000000
want: ok

name: struct: bit-field of 33 of an enum64
types: int INT 4 0x01000020
       e ENUM64:1 8 'a 1 0
       s STRUCT+:1 8 'b 2 0x21000000
want: EINVAL  b type_id=2 bitfield_size=33 bits_offset=0 Invalid member bitfield_size

name: struct: 8-byte enum with a kind flag in 4 bytes
types: int INT 4 0x01000020
       e ENUM64:1 8 'a 1 0
       s STRUCT+:1 4 'b 2 0
want: EINVAL  b type_id=2 bitfield_size=0 bits_offset=0 Member exceeds struct_size
kernel: other

name: struct: float
types: int INT 4 0x01000020
       f FLOAT 4
       s STRUCT:1 4 'b 2 0
want: ok

name: struct: float at 2 bytes
types: int INT 4 0x01000020
       f FLOAT 4
       s STRUCT:1 8 'b 2 16
want: EINVAL  b type_id=2 bits_offset=16 Member is not properly aligned

name: struct: 12-byte float at 4
types: int INT 4 0x01000020
       f FLOAT 12
       s STRUCT:1 16 'b 2 32
want: EINVAL  b type_id=2 bits_offset=32 Member is not properly aligned

name: struct: 12-byte float at 8
types: int INT 4 0x01000020
       f FLOAT 12
       s STRUCT:1 24 'b 2 64
want: ok

name: struct: float over the end
types: int INT 4 0x01000020
       f FLOAT 4
       s STRUCT:1 7 'b 2 32
want: EINVAL  b type_id=2 bits_offset=32 Member exceeds struct_size

name: struct: bit-field of a float
types: int INT 4 0x01000020
       f FLOAT 4
       s STRUCT+:1 8 'b 2 0x04000000
want: EINVAL  b type_id=2 bitfield_size=4 bits_offset=0 Invalid member bitfield_size

name: struct: float at an odd bit
types: int INT 4 0x01000020
       f FLOAT 4
       s STRUCT:1 8 'b 2 3
want: EINVAL  b type_id=2 bits_offset=3 Member is not properly aligned

name: struct: depth of 31
types: int INT 4 0x01000020
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a 1 0
want: ok

name: struct: depth of 32
types: int INT 4 0x01000020
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a self+1 0
       s STRUCT:1 4 'a 1 0
want: E2BIG [2] STRUCT s size=4 vlen=1 Exceeded max resolving depth:32

name: depth: 31 consts ahead of an int
types: int INT 4 0x01000020
       x30 - CONST self+1
       - CONST 1
want: ok

name: depth: 32 consts
types: int INT 4 0x01000020
       x31 - CONST self+1
       - CONST 1
want: ok

name: depth: 33 consts
types: int INT 4 0x01000020
       x32 - CONST self+1
       - CONST 1
want: E2BIG [2] CONST (anon) type_id=3 Exceeded max resolving depth:32

name: depth: 40 consts, each of the one before
types: int INT 4 0x01000020
       x40 - CONST self-1
want: ok

name: depth: a chain that grew from its end
types: int INT 4 0x01000020
       - PTR 24
       x41 - CONST self+1
       - CONST 1
want: ELOOP Max chain length or cycle detected

name: depth: a chain of 29 that grew from its end
types: int INT 4 0x01000020
       - PTR 13
       x28 - CONST self+1
       - CONST 1
want: ok

name: depth: a chain of 30 that grew from its end
types: int INT 4 0x01000020
       - PTR 13
       x29 - CONST self+1
       - CONST 1
want: ok

name: depth: a chain of 31 that grew from its end
types: int INT 4 0x01000020
       - PTR 13
       x30 - CONST self+1
       - CONST 1
want: ok

name: depth: a chain of 32 that grew from its end
types: int INT 4 0x01000020
       - PTR 13
       x31 - CONST self+1
       - CONST 1
want: ok

name: depth: a chain of 33 that grew from its end
types: int INT 4 0x01000020
       - PTR 13
       x32 - CONST self+1
       - CONST 1
want: ELOOP Max chain length or cycle detected

name: depth: 33 pointers
types: int INT 4 0x01000020
       x33 - PTR self+1
       - PTR 1
want: E2BIG [2] PTR (anon) type_id=3 Exceeded max resolving depth:32

name: depth: 32 pointers
types: int INT 4 0x01000020
       x31 - PTR self+1
       - PTR 1
want: ok

name: loop: pointer, const, pointer
types: int INT 4 0x01000020
       - PTR 3
       - CONST 2
want: EEXIST [2] PTR (anon) type_id=3 Loop detected

name: loop: const of const
types: int INT 4 0x01000020
       - CONST 3
       - CONST 2
want: EEXIST [2] CONST (anon) type_id=3 Loop detected

name: loop: struct, const, pointer, const
types: int INT 4 0x01000020
       s STRUCT:1 8 'a 3 0
       - CONST 4
       - PTR 3
want: EEXIST [4] PTR (anon) type_id=3 Loop detected

name: loop: typedef through a prototype is none
types: int INT 4 0x01000020
       t TYPEDEF 3
       - PTR 4
       - FUNC_PROTO:1 0 'a 2
want: ok

name: ENUM: 1 bytes
types: int INT 4 0x01000020
       e ENUM:1 1 'a 7
want: ok

name: ENUM: 2 bytes
types: int INT 4 0x01000020
       e ENUM:1 2 'a 7
want: ok

name: ENUM: 4 bytes
types: int INT 4 0x01000020
       e ENUM:1 4 'a 7
want: ok

name: ENUM: 8 bytes
types: int INT 4 0x01000020
       e ENUM:1 8 'a 7
want: ok

name: ENUM: 3 bytes
types: int INT 4 0x01000020
       e ENUM:1 3 'a 7
want: EINVAL [2] ENUM e size=3 vlen=1 Unexpected size

name: ENUM: 16 bytes
types: int INT 4 0x01000020
       e ENUM:1 16 'a 7
want: EINVAL [2] ENUM e size=16 vlen=1 Unexpected size

name: ENUM: 0 bytes
types: int INT 4 0x01000020
       e ENUM:1 0 'a 7
want: EINVAL [2] ENUM e size=0 vlen=1 Unexpected size

name: ENUM: signed
types: int INT 4 0x01000020
       e ENUM+:1 4 'a -7
want: ok

name: ENUM: no values
types: int INT 4 0x01000020
       e ENUM 4
want: ok

name: ENUM: anonymous
types: int INT 4 0x01000020
       - ENUM:1 4 'a 7
want: ok

name: ENUM: bad name
types: int INT 4 0x01000020
       a-b ENUM:1 4 'a 7
want: EINVAL [2] ENUM a-b size=4 vlen=1 Invalid name

name: ENUM: anonymous value
types: int INT 4 0x01000020
       e ENUM:1 4 0 7
want: EINVAL [2] ENUM e size=4 vlen=1 Invalid name

name: ENUM: bad value name
types: int INT 4 0x01000020
       e ENUM:1 4 'a-b 7
want: EINVAL [2] ENUM e size=4 vlen=1 Invalid name

name: ENUM: value name out of range
types: int INT 4 0x01000020
       e ENUM:1 4 1000 7
want: EINVAL  Invalid name_offset:1000

name: ENUM: cut
types: int INT 4 0x01000020
       e ENUM:2 4 'a 7
want: EINVAL [2] ENUM e meta_left:8 meta_needed:16

name: ENUM: dotted value name
types: int INT 4 0x01000020
       e ENUM:1 4 'a.b 7
want: ok

name: ENUM64: 1 bytes
types: int INT 4 0x01000020
       e ENUM64:1 1 'a 7 1
want: ok

name: ENUM64: 2 bytes
types: int INT 4 0x01000020
       e ENUM64:1 2 'a 7 1
want: ok

name: ENUM64: 4 bytes
types: int INT 4 0x01000020
       e ENUM64:1 4 'a 7 1
want: ok

name: ENUM64: 8 bytes
types: int INT 4 0x01000020
       e ENUM64:1 8 'a 7 1
want: ok

name: ENUM64: 3 bytes
types: int INT 4 0x01000020
       e ENUM64:1 3 'a 7 1
want: EINVAL [2] ENUM64 e size=3 vlen=1 Unexpected size

name: ENUM64: 16 bytes
types: int INT 4 0x01000020
       e ENUM64:1 16 'a 7 1
want: EINVAL [2] ENUM64 e size=16 vlen=1 Unexpected size

name: ENUM64: 0 bytes
types: int INT 4 0x01000020
       e ENUM64:1 0 'a 7 1
want: EINVAL [2] ENUM64 e size=0 vlen=1 Unexpected size

name: ENUM64: signed
types: int INT 4 0x01000020
       e ENUM64+:1 4 'a -7 1
want: ok

name: ENUM64: no values
types: int INT 4 0x01000020
       e ENUM64 4
want: ok

name: ENUM64: anonymous
types: int INT 4 0x01000020
       - ENUM64:1 4 'a 7 1
want: ok

name: ENUM64: bad name
types: int INT 4 0x01000020
       a-b ENUM64:1 4 'a 7 1
want: EINVAL [2] ENUM64 a-b size=4 vlen=1 Invalid name

name: ENUM64: anonymous value
types: int INT 4 0x01000020
       e ENUM64:1 4 0 7 1
want: EINVAL [2] ENUM64 e size=4 vlen=1 Invalid name

name: ENUM64: bad value name
types: int INT 4 0x01000020
       e ENUM64:1 4 'a-b 7 1
want: EINVAL [2] ENUM64 e size=4 vlen=1 Invalid name

name: ENUM64: value name out of range
types: int INT 4 0x01000020
       e ENUM64:1 4 1000 7 1
want: EINVAL  Invalid name_offset:1000

name: ENUM64: cut
types: int INT 4 0x01000020
       e ENUM64:2 4 'a 7 1
want: EINVAL [2] ENUM64 e meta_left:12 meta_needed:24

name: ENUM64: dotted value name
types: int INT 4 0x01000020
       e ENUM64:1 4 'a.b 7 1
want: ok

name: fwd: struct
types: int INT 4 0x01000020
       f FWD 0
want: ok

name: fwd: union
types: int INT 4 0x01000020
       f FWD+ 0
want: ok

name: fwd: anonymous
types: int INT 4 0x01000020
       - FWD 0
want: EINVAL [2] FWD (anon) struct Invalid name

name: fwd: type
types: int INT 4 0x01000020
       f FWD 1
want: EINVAL [2] FWD f struct type != 0

name: fwd: vlen
types: int INT 4 0x01000020
       f FWD:1 0
want: EINVAL [2] FWD f struct vlen != 0

name: fwd: bad name
types: int INT 4 0x01000020
       a-b FWD 0
want: EINVAL [2] FWD a-b struct Invalid name

name: func: linkage 0
types: int INT 4 0x01000020
       - FUNC_PROTO:1 1 'a 1
       f FUNC:0 2
want: ok

name: func: linkage 1
types: int INT 4 0x01000020
       - FUNC_PROTO:1 1 'a 1
       f FUNC:1 2
want: ok

name: func: linkage 2
types: int INT 4 0x01000020
       - FUNC_PROTO:1 1 'a 1
       f FUNC:2 2
want: EINVAL [3] FUNC f type_id=2 Invalid func linkage

name: func: linkage 3
types: int INT 4 0x01000020
       - FUNC_PROTO:1 1 'a 1
       f FUNC:3 2
want: EINVAL [3] FUNC f type_id=2 Invalid func linkage

name: func: kind flag
types: int INT 4 0x01000020
       - FUNC_PROTO:1 1 'a 1
       f FUNC+ 2
want: EINVAL [3] FUNC f type_id=2 Invalid btf_info kind_flag

name: func: anonymous
types: int INT 4 0x01000020
       - FUNC_PROTO:1 1 'a 1
       - FUNC 2
want: EINVAL [3] FUNC (anon) type_id=2 Invalid name

name: func: bad name
types: int INT 4 0x01000020
       - FUNC_PROTO:1 1 'a 1
       a-b FUNC 2
want: EINVAL [3] FUNC a-b type_id=2 Invalid name

name: func: of int
types: int INT 4 0x01000020
       f FUNC 1
want: EINVAL [2] FUNC f type_id=1 Invalid type_id

name: func: of void
types: int INT 4 0x01000020
       f FUNC 0
want: EINVAL [2] FUNC f type_id=0 Invalid type_id

name: func: of a typedef of a prototype
types: int INT 4 0x01000020
       - FUNC_PROTO:1 1 'a 1
       t TYPEDEF 2
       f FUNC 3
want: EINVAL [4] FUNC f type_id=3 Invalid type_id

name: func: unnamed parameter
types: int INT 4 0x01000020
       - FUNC_PROTO:1 1 0 1
       f FUNC 2
want: EINVAL [3] FUNC f type_id=2 Invalid arg#1

name: func: out of range
types: int INT 4 0x01000020
       f FUNC 9
want: EINVAL [2] FUNC f type_id=9 Invalid type_id

name: func: before its prototype
types: int INT 4 0x01000020
       f FUNC 3
       - FUNC_PROTO:1 1 'a 1
want: ok

name: func: unnamed second parameter
types: int INT 4 0x01000020
       - FUNC_PROTO:2 1 'a 1 0 1
       f FUNC 2
want: EINVAL [3] FUNC f type_id=2 Invalid arg#2

name: func: variadic
types: int INT 4 0x01000020
       - FUNC_PROTO:2 1 'a 1 0 0
       f FUNC 2
want: ok

name: proto: no parameters
types: int INT 4 0x01000020
       - FUNC_PROTO 0
want: ok

name: proto: named
types: int INT 4 0x01000020
       p FUNC_PROTO 0
want: EINVAL [2] FUNC_PROTO p return=0 args=(void) Invalid name

name: proto: kind flag
types: int INT 4 0x01000020
       - FUNC_PROTO+ 0
want: EINVAL [2] FUNC_PROTO (anon) return=0 args=(void) Invalid btf_info kind_flag

name: proto: variadic
types: int INT 4 0x01000020
       - FUNC_PROTO:2 0 'a 1 0 0
want: ok

name: proto: only variadic
types: int INT 4 0x01000020
       - FUNC_PROTO:1 0 0 0
want: ok

name: proto: variadic with a name
types: int INT 4 0x01000020
       - FUNC_PROTO:1 0 'a 0
want: EINVAL [2] FUNC_PROTO (anon) return=0 args=(vararg) Invalid arg#1

name: proto: void parameter in the middle
types: int INT 4 0x01000020
       - FUNC_PROTO:2 0 'a 0 'b 1
want: EINVAL [2] FUNC_PROTO (anon) return=0 args=(0 a, 1 b) Invalid arg#1

name: proto: unnamed parameter
types: int INT 4 0x01000020
       - FUNC_PROTO:1 0 0 1
want: ok

name: proto: bad parameter name
types: int INT 4 0x01000020
       - FUNC_PROTO:1 0 'a-b 1
want: EINVAL [2] FUNC_PROTO (anon) return=0 args=(1 a-b) Invalid arg#1

name: proto: parameter name out of range
types: int INT 4 0x01000020
       - FUNC_PROTO:1 0 1000 1
want: EINVAL [2] FUNC_PROTO (anon) return=0 args=(1 (invalid-name-offset)) Invalid arg#1

name: proto: cut
types: int INT 4 0x01000020
       - FUNC_PROTO:2 0 'a 1
want: EINVAL [2] FUNC_PROTO (anon) meta_left:8 meta_needed:16

name: proto: parameter out of range
types: int INT 4 0x01000020
       - FUNC_PROTO:1 0 'a 9
want: EINVAL [2] FUNC_PROTO (anon) return=0 args=(9 a) Invalid arg#1

name: proto: returns out of range
types: int INT 4 0x01000020
       - FUNC_PROTO 9
want: EINVAL [2] FUNC_PROTO (anon) return=9 args=(void) Invalid return type

name: proto: returns a forward
types: int INT 4 0x01000020
       f FWD 0
       - FUNC_PROTO 2
want: EINVAL [3] FUNC_PROTO (anon) return=2 args=(void) Invalid return type

name: proto: returns a variable
types: int INT 4 0x01000020
       v VAR 1 1
       - FUNC_PROTO 2
want: EINVAL [3] FUNC_PROTO (anon) return=2 args=(void) Invalid return type

name: proto: takes a variable
types: int INT 4 0x01000020
       v VAR 1 1
       - FUNC_PROTO:1 0 'a 2
want: EINVAL [3] FUNC_PROTO (anon) return=0 args=(2 a) Invalid arg#1

name: proto: takes a forward
types: int INT 4 0x01000020
       f FWD 0
       - FUNC_PROTO:1 0 'a 2
want: EINVAL [3] FUNC_PROTO (anon) return=0 args=(2 a) Invalid arg#1

name: proto: takes a prototype
types: int INT 4 0x01000020
       - FUNC_PROTO 0
       - FUNC_PROTO:1 0 'a 2
want: EINVAL [3] FUNC_PROTO (anon) return=0 args=(2 a) Invalid arg#1

name: proto: returns void through const
types: int INT 4 0x01000020
       - CONST 0
       - FUNC_PROTO 2
want: EINVAL [3] FUNC_PROTO (anon) return=2 args=(void) Invalid return type

name: proto: takes a struct
types: int INT 4 0x01000020
       s STRUCT:1 4 'a 1 0
       - FUNC_PROTO:1 2 'a 2
want: ok

name: proto: takes a later struct that loops
types: int INT 4 0x01000020
       - FUNC_PROTO:1 0 'a 3
       s STRUCT:1 4 'a 3 0
want: EEXIST [3] STRUCT s size=4 vlen=1 Loop detected

name: proto: returns a later struct that loops
types: int INT 4 0x01000020
       - FUNC_PROTO 3
       s STRUCT:1 4 'a 3 0
want: EEXIST [3] STRUCT s size=4 vlen=1 Loop detected

name: proto: takes a later array with a bad index
types: int INT 4 0x01000020
       - FUNC_PROTO:1 0 'a 3
       - ARRAY 0 1 9 2
want: EINVAL [3] ARRAY (anon) type_id=1 index_type_id=9 nr_elems=2 Invalid index

name: proto: returns itself through a pointer
types: int INT 4 0x01000020
       - PTR 3
       - FUNC_PROTO:1 2 'a 2
want: ok

name: proto: two variadic ends
types: int INT 4 0x01000020
       - FUNC_PROTO:2 0 0 0 0 0
want: EINVAL [2] FUNC_PROTO (anon) return=0 args=(0 (anon), vararg) Invalid arg#1

name: var: linkage 0
types: int INT 4 0x01000020
       v VAR 1 0
want: ok

name: var: linkage 1
types: int INT 4 0x01000020
       v VAR 1 1
want: ok

name: var: linkage 2
types: int INT 4 0x01000020
       v VAR 1 2
want: EINVAL [2] VAR v type_id=1 linkage=2 Linkage not supported

name: var: linkage 3
types: int INT 4 0x01000020
       v VAR 1 3
want: EINVAL [2] VAR v type_id=1 linkage=3 Linkage not supported

name: var: void
types: int INT 4 0x01000020
       v VAR 0 1
want: EINVAL [2] VAR v type_id=0 linkage=1 Invalid type_id

name: var: anonymous
types: int INT 4 0x01000020
       - VAR 1 1
want: EINVAL [2] VAR (anon) type_id=1 linkage=1 Invalid name

name: var: bad name
types: int INT 4 0x01000020
       a-b VAR 1 1
want: EINVAL [2] VAR a-b type_id=1 linkage=1 Invalid name

name: var: vlen
types: int INT 4 0x01000020
       v VAR:1 1 1
want: EINVAL [2] VAR v type_id=1 linkage=1 vlen != 0

name: var: kind flag
types: int INT 4 0x01000020
       v VAR+ 1 1
want: EINVAL [2] VAR v type_id=1 linkage=1 Invalid btf_info kind_flag

name: var: cut
types: int INT 4 0x01000020
       v VAR 1
want: EINVAL [2] VAR v meta_left:0 meta_needed:4

name: var: out of range
types: int INT 4 0x01000020
       v VAR 9 1
want: EINVAL [2] VAR v type_id=9 linkage=1 Invalid type_id

name: var: beyond all ids
types: int INT 4 0x01000020
       v VAR 0x100000 1
want: EINVAL [2] VAR v type_id=1048576 linkage=1 Invalid type_id

name: var: of a forward
types: int INT 4 0x01000020
       f FWD 0
       v VAR 2 1
want: EINVAL [3] VAR v type_id=2 linkage=1 Invalid type_id

name: var: of a variable
types: int INT 4 0x01000020
       v VAR 1 1
       w VAR 2 1
want: EINVAL [3] VAR w type_id=2 linkage=1 Invalid type_id

name: var: of a prototype
types: int INT 4 0x01000020
       - FUNC_PROTO 0
       v VAR 2 1
want: EINVAL [3] VAR v type_id=2 linkage=1 Invalid type_id

name: var: const void
types: int INT 4 0x01000020
       - CONST 0
       v VAR 2 1
want: EINVAL [3] VAR v type_id=2 linkage=1 Invalid type_id

name: var: of a pointer that loops
types: int INT 4 0x01000020
       v VAR 3 1
       - PTR 3
want: EEXIST [2] VAR v type_id=3 linkage=1 Loop detected

name: var: of a later const of a pointer to it
types: int INT 4 0x01000020
       v VAR 3 1
       - CONST 4
       - PTR 3
want: EEXIST [2] VAR v type_id=3 linkage=1 Loop detected

name: var: of itself
types: int INT 4 0x01000020
       v VAR self 1
want: EINVAL [2] VAR v type_id=2 linkage=1 Invalid type_id

name: datasec: one variable
types: int INT 4 0x01000020
       v VAR 1 1
       s DATASEC:1 4 2 0 4
want: ok

name: datasec: two
types: int INT 4 0x01000020
       v VAR 1 1
       w VAR 1 1
       s DATASEC:2 8 2 0 4 3 4 4
want: ok

name: datasec: with a gap
types: int INT 4 0x01000020
       v VAR 1 1
       w VAR 1 1
       s DATASEC:2 16 2 4 4 3 12 4
want: ok

name: datasec: size 0
types: int INT 4 0x01000020
       v VAR 1 1
       s DATASEC 0
want: EINVAL [3] DATASEC s size=0 vlen=0 size == 0

name: datasec: without variables
types: int INT 4 0x01000020
       s DATASEC 8
want: ok

name: datasec: kind flag
types: int INT 4 0x01000020
       v VAR 1 1
       s DATASEC+:1 4 2 0 4
want: EINVAL [3] DATASEC s size=4 vlen=1 Invalid btf_info kind_flag

name: datasec: anonymous
types: int INT 4 0x01000020
       v VAR 1 1
       - DATASEC:1 4 2 0 4
want: EINVAL [3] DATASEC (anon) size=4 vlen=1 Invalid name

name: datasec: overlap
types: int INT 4 0x01000020
       v VAR 1 1
       w VAR 1 1
       s DATASEC:2 8 2 0 4 3 3 4
want: EINVAL   type_id=3 offset=3 size=4 Invalid offset

name: datasec: descending
types: int INT 4 0x01000020
       v VAR 1 1
       w VAR 1 1
       s DATASEC:2 8 2 4 4 3 0 4
want: EINVAL   type_id=3 offset=0 size=4 Invalid offset

name: datasec: offset beyond
types: int INT 4 0x01000020
       v VAR 1 1
       s DATASEC:1 4 2 4 4
want: EINVAL   type_id=2 offset=4 size=4 Invalid offset

name: datasec: variable of size 0
types: int INT 4 0x01000020
       v VAR 1 1
       s DATASEC:1 4 2 0 0
want: EINVAL   type_id=2 offset=0 size=0 Invalid size

name: datasec: variable larger than the section
types: int INT 4 0x01000020
       v VAR 1 1
       s DATASEC:1 4 2 0 5
want: EINVAL   type_id=2 offset=0 size=5 Invalid size

name: datasec: variable over the end
types: int INT 4 0x01000020
       v VAR 1 1
       s DATASEC:1 8 2 6 4
want: EINVAL   type_id=2 offset=6 size=4 Invalid offset+size

name: datasec: void
types: int INT 4 0x01000020
       v VAR 1 1
       s DATASEC:1 4 0 0 4
want: EINVAL   type_id=0 offset=0 size=4 Invalid type_id

name: datasec: of int
types: int INT 4 0x01000020
       v VAR 1 1
       s DATASEC:1 4 1 0 4
want: EINVAL   type_id=1 offset=0 size=4 Not a VAR kind member

name: datasec: out of range
types: int INT 4 0x01000020
       v VAR 1 1
       s DATASEC:1 4 9 0 4
want: EINVAL   type_id=9 offset=0 size=4 Not a VAR kind member

name: datasec: smaller than its variable
types: int INT 4 0x01000020
       v VAR 1 1
       s DATASEC:1 4 2 0 3
want: EINVAL   type_id=2 offset=0 size=3 Invalid size

name: datasec: larger than its variable
types: int INT 4 0x01000020
       v VAR 1 1
       s DATASEC:1 8 2 0 8
want: ok

name: datasec: cut
types: int INT 4 0x01000020
       v VAR 1 1
       s DATASEC:2 8 2 0 4
want: EINVAL [3] DATASEC s meta_left:12 meta_needed:24

name: datasec: beyond all ids
types: int INT 4 0x01000020
       s DATASEC:1 4 0x100000 0 4
want: EINVAL   type_id=1048576 offset=0 size=4 Invalid type_id

name: datasec: the same variable twice
types: int INT 4 0x01000020
       v VAR 1 1
       s DATASEC:2 8 2 0 4 2 4 4
want: ok

name: datasec: before its variable
types: int INT 4 0x01000020
       s DATASEC:1 4 3 0 4
       v VAR 1 1
want: ok

name: datasec: smaller than a later variable (6.18 takes it)
types: int INT 4 0x01000020
       s DATASEC:1 4 3 0 4
       v VAR 4 1
       - ARRAY 0 1 1 2
want: EINVAL   type_id=3 offset=0 size=4 Invalid size
kernel: other

name: datasec: of a function
types: int INT 4 0x01000020
       - FUNC_PROTO 0
       f FUNC 2
       s DATASEC:1 4 3 0 4
want: EINVAL   type_id=3 offset=0 size=4 Not a VAR kind member

name: datasec: lengths that sum beyond it
types: int INT 4 0x01000020
       v VAR 1 1
       w VAR 1 1
       s DATASEC:2 8 2 0 8 3 0 8
want: EINVAL   type_id=3 offset=0 size=8 Invalid offset

name: datasec: offset that overflows
types: int INT 4 0x01000020
       v VAR 1 1
       s DATASEC:1 0xffffffff 2 0xfffffffe 4
want: EINVAL   type_id=2 offset=4294967294 size=4 Invalid offset+size
kernel: other

name: float: 2 bytes
types: f FLOAT 2
want: ok

name: float: 4 bytes
types: f FLOAT 4
want: ok

name: float: 8 bytes
types: f FLOAT 8
want: ok

name: float: 12 bytes
types: f FLOAT 12
want: ok

name: float: 16 bytes
types: f FLOAT 16
want: ok

name: float: 0 bytes
types: f FLOAT 0
want: EINVAL [1] FLOAT f size=0 Invalid type_size

name: float: 1 bytes
types: f FLOAT 1
want: EINVAL [1] FLOAT f size=1 Invalid type_size

name: float: 3 bytes
types: f FLOAT 3
want: EINVAL [1] FLOAT f size=3 Invalid type_size

name: float: 10 bytes
types: f FLOAT 10
want: EINVAL [1] FLOAT f size=10 Invalid type_size

name: float: 32 bytes
types: f FLOAT 32
want: EINVAL [1] FLOAT f size=32 Invalid type_size

name: float: vlen
types: f FLOAT:1 4
want: EINVAL [1] FLOAT f size=4 vlen != 0

name: float: kind flag
types: f FLOAT+ 4
want: EINVAL [1] FLOAT f size=4 Invalid btf_info kind_flag

name: float: anonymous
types: - FLOAT 4
want: ok

name: float: any name
types: a%20b FLOAT 4
want: ok

name: decl tag: of a struct
types: int INT 4 0x01000020
       s STRUCT:1 4 'a 1 0
       t DECL_TAG 2 -1
want: ok

name: decl tag: of a member
types: int INT 4 0x01000020
       s STRUCT:1 4 'a 1 0
       t DECL_TAG 2 0
want: ok

name: decl tag: beyond the members
types: int INT 4 0x01000020
       s STRUCT:1 4 'a 1 0
       t DECL_TAG 2 1
want: EINVAL [3] DECL_TAG t type=2 component_idx=1 Invalid component_idx

name: decl tag: -2
types: int INT 4 0x01000020
       s STRUCT:1 4 'a 1 0
       t DECL_TAG 2 -2
want: EINVAL [3] DECL_TAG t type=2 component_idx=-2 Invalid component_idx

name: decl tag: attribute
types: int INT 4 0x01000020
       s STRUCT:1 4 'a 1 0
       t DECL_TAG+ 2 -1
want: ok

name: decl tag: anonymous
types: int INT 4 0x01000020
       s STRUCT:1 4 'a 1 0
       - DECL_TAG 2 -1
want: EINVAL [3] DECL_TAG (anon) type=2 component_idx=-1 Invalid value

name: decl tag: empty
types: int INT 4 0x01000020
       s STRUCT:1 4 'a 1 0
       #4 DECL_TAG 2 -1
want: EINVAL [3] DECL_TAG  type=2 component_idx=-1 Invalid value

name: decl tag: vlen
types: int INT 4 0x01000020
       s STRUCT:1 4 'a 1 0
       t DECL_TAG:1 2 -1
want: EINVAL [3] DECL_TAG t type=2 component_idx=-1 vlen != 0

name: decl tag: cut
types: int INT 4 0x01000020
       s STRUCT:1 4 'a 1 0
       t DECL_TAG 2
want: EINVAL [3] DECL_TAG t meta_left:0 meta_needed:4

name: decl tag: of int
types: int INT 4 0x01000020
       t DECL_TAG 1 -1
want: EINVAL [2] DECL_TAG t type=1 component_idx=-1 Invalid type_id

name: decl tag: of a pointer
types: int INT 4 0x01000020
       - PTR 1
       t DECL_TAG 2 -1
want: EINVAL [3] DECL_TAG t type=2 component_idx=-1 Invalid type_id

name: decl tag: of void
types: int INT 4 0x01000020
       t DECL_TAG 0 -1
want: EINVAL [2] DECL_TAG t type=0 component_idx=-1 Invalid type_id

name: decl tag: out of range
types: int INT 4 0x01000020
       t DECL_TAG 9 -1
want: EINVAL [2] DECL_TAG t type=9 component_idx=-1 Invalid type_id

name: decl tag: beyond all ids
types: int INT 4 0x01000020
       t DECL_TAG 0x100000 -1
want: EINVAL [2] DECL_TAG t type=1048576 component_idx=-1 Invalid type_id

name: decl tag: of a typedef
types: int INT 4 0x01000020
       y TYPEDEF 1
       t DECL_TAG 2 -1
want: ok

name: decl tag: part of a typedef
types: int INT 4 0x01000020
       y TYPEDEF 1
       t DECL_TAG 2 0
want: EINVAL [3] DECL_TAG t type=2 component_idx=0 Invalid component_idx

name: decl tag: of a variable
types: int INT 4 0x01000020
       v VAR 1 1
       t DECL_TAG 2 -1
want: ok

name: decl tag: part of a variable
types: int INT 4 0x01000020
       v VAR 1 1
       t DECL_TAG 2 0
want: EINVAL [3] DECL_TAG t type=2 component_idx=0 Invalid component_idx

name: decl tag: of a function
types: int INT 4 0x01000020
       - FUNC_PROTO:1 1 'a 1
       f FUNC 2
       t DECL_TAG 3 -1
want: ok

name: decl tag: of a parameter
types: int INT 4 0x01000020
       - FUNC_PROTO:1 1 'a 1
       f FUNC 2
       t DECL_TAG 3 0
want: ok

name: decl tag: beyond the parameters
types: int INT 4 0x01000020
       - FUNC_PROTO:1 1 'a 1
       f FUNC 2
       t DECL_TAG 3 1
want: EINVAL [4] DECL_TAG t type=3 component_idx=1 Invalid component_idx

name: decl tag: of a prototype
types: int INT 4 0x01000020
       - FUNC_PROTO:1 1 'a 1
       t DECL_TAG 2 -1
want: EINVAL [3] DECL_TAG t type=2 component_idx=-1 Invalid type_id

name: decl tag: of a union
types: int INT 4 0x01000020
       u UNION:1 4 'a 1 0
       t DECL_TAG 2 0
want: ok

name: decl tag: of an enum
types: int INT 4 0x01000020
       e ENUM:1 4 'a 1
       t DECL_TAG 2 -1
want: EINVAL [3] DECL_TAG t type=2 component_idx=-1 Invalid type_id

name: decl tag: of a forward
types: int INT 4 0x01000020
       f FWD 0
       t DECL_TAG 2 -1
want: EINVAL [3] DECL_TAG t type=2 component_idx=-1 Invalid type_id

name: decl tag: of a tag
types: int INT 4 0x01000020
       s STRUCT:1 4 'a 1 0
       t DECL_TAG 2 -1
       u DECL_TAG 3 -1
want: EINVAL [4] DECL_TAG u type=3 component_idx=-1 Invalid type_id

name: decl tag: any text
types: int INT 4 0x01000020
       s STRUCT:1 4 'a 1 0
       a:b%20c DECL_TAG 2 -1
want: ok

name: decl tag: a function whose prototype is none
types: int INT 4 0x01000020
       f FUNC 1
       t DECL_TAG 2 0
want: EINVAL [2] FUNC f type_id=1 Invalid type_id

name: decl tag: of a later function
types: int INT 4 0x01000020
       t DECL_TAG 3 0
       f FUNC 4
       - FUNC_PROTO:1 1 'a 1
want: ok

name: kind: 0
types: x 0x00000000 4 0x20
want: EINVAL [1] Invalid kind:0

name: kind: 20
types: x 0x14000000 4 0x20
want: EINVAL [1] Invalid kind:20

name: kind: 31
types: x 0x1f000000 4 0x20
want: EINVAL [1] Invalid kind:31

name: B-01 kind: 32 is unknown by its number
types: x 0x20000000 4 0x20
want: EINVAL [1] Invalid kind:32
kernel: other

name: B-01 kind: 127 is unknown by its number
types: x 0x7f000000 4 0x20
want: EINVAL [1] Invalid kind:127
kernel: other

name: B-01 kind: 33 is not INT
types: x 0x21000000 4 0x20
want: EINVAL [1] Invalid kind:33
kernel: other

name: B-01 vlen: bit 16 of an int
types: int INT:0x10000 4 0x20
want: EINVAL [1] INT int size=4 bits_offset=0 nr_bits=32 encoding=(none) vlen != 0
kernel: other

name: B-01 vlen: bit 23 of an int
types: int INT:0x800000 4 0x20
want: EINVAL [1] INT int size=4 bits_offset=0 nr_bits=32 encoding=(none) vlen != 0
kernel: other

name: vlen: 65535 members
types: int INT 4 0x01000020
       s STRUCT:65535 4 x65535 'a 1 0
want: ok

name: B-01 vlen: 65536 members
types: int INT 4 0x01000020
       s STRUCT:65536 4 x65536 'a 1 0
want: ok
kernel: other

name: B-01 vlen: 70000 enum values
types: int INT 4 0x01000020
       e ENUM:70000 4 x70000 'a 1
want: ok
kernel: other

name: B-01 vlen: 70000 enum64 values
types: int INT 4 0x01000020
       e ENUM64:70000 8 x70000 'a 1 1
want: ok
kernel: other

name: B-01 vlen: 70000 values of which one is missing
types: int INT 4 0x01000020
       e ENUM:70000 4 x69999 'a 1
want: EINVAL [2] ENUM e meta_left:559992 meta_needed:560000
kernel: other

name: B-01 vlen: 70000 members of which the last lies beyond
types: int INT 4 0x01000020
       s STRUCT:70000 4 x69999 'a 1 0
want: EINVAL [2] STRUCT s meta_left:839988 meta_needed:840000
kernel: other

name: B-01 vlen: 70000 parameters
types: int INT 4 0x01000020
       - FUNC_PROTO:70000 0 x70000 'a 1
want: ok
kernel: other

name: B-01 vlen: 70000 variables, all at one place
types: int INT 4 0x01000020
       v VAR 1 1
       s DATASEC:70000 8 x70000 2 0 4
want: EINVAL   type_id=2 offset=0 size=4 Invalid offset
kernel: other

name: B-01 vlen: a function's linkage has 24 bits
types: int INT 4 0x01000020
       - FUNC_PROTO:1 1 'a 1
       f FUNC:0x10001 2
want: EINVAL [3] FUNC f type_id=2 Invalid func linkage
kernel: other

name: layout: of one kind behind the types
types: int INT 4 0x01000020
header: type_len=16 hdr=32 hdr_len=32 layout_off=16 layout_len=4 str_off=20 str_len=5 body+4 byte@48=0 byte@49=0 byte@50=0 byte@51=0 byte@52=0
want: ok
kernel: other

name: layout: none in a wide header
types: int INT 4 0x01000020
header: hdr=32 hdr_len=32
want: ok

name: layout: too small
types: int INT 4 0x01000020
header: type_len=16 hdr=32 hdr_len=32 layout_off=16 layout_len=3 str_off=19 str_len=5 body+3 byte@51=0
want: EINVAL Layout section is too small
kernel: other

name: layout: no multiple of its entry
types: int INT 4 0x01000020
header: type_len=16 hdr=32 hdr_len=32 layout_off=16 layout_len=5 str_off=21 str_len=4 body+4 byte@53=0
want: EINVAL layout_len is not multiple of 4
kernel: other

name: layout: unaligned
types: int INT 4 0x01000020
header: type_len=16 hdr=32 hdr_len=32 layout_off=21 layout_len=4 str_off=16 str_len=5 body+4
want: EINVAL Unaligned layout_off
kernel: other

name: layout: overlaps the strings
types: int INT 4 0x01000020
header: type_len=16 hdr=32 hdr_len=32 layout_off=16 layout_len=4 str_off=16 str_len=5
want: EINVAL Section overlap found
kernel: other

name: layout: behind the strings, aligned
types: int INT 4 0x01000020
header: type_len=16 hdr=32 hdr_len=32 layout_off=24 layout_len=4 str_off=16 str_len=5 body+7
want: ok
kernel: other

name: layout: behind the strings with a gap
types: int INT 4 0x01000020
header: type_len=16 hdr=32 hdr_len=32 layout_off=28 layout_len=4 str_off=16 str_len=5 body+11
want: EINVAL Unsupported section found
kernel: other

name: layout: beyond the blob
types: int INT 4 0x01000020
header: type_len=16 hdr=32 hdr_len=32 layout_off=400 layout_len=4
want: EINVAL Invalid section offset
kernel: other

name: every kind in one blob
types: int INT 4 0x01000020
       - PTR 3
       node STRUCT:4 32 'next 2 0 'val 1 64 'arr 4 96 'fl 15 192
       - ARRAY 0 1 1 3
       e ENUM+:2 4 'e.a -1 'e_b 2
       big ENUM64:2 8 'x 1 2 'y 3 4
       bits STRUCT+:3 8 'a 1 0x03000000 'b 5 0x04000003 'c 8 0x00000020
       t TYPEDEF 9
       - CONST 1
       fw FWD+ 0
       - PTR 10
       u UNION:3 16 'p 11 0 'q 6 0 'r 20 0
       - FUNC_PROTO:3 1 'a 2 'b 12 0 0
       f FUNC:1 13
       fl FLOAT 8
       g VAR 3 1
       h VAR 20 0
       .bss DATASEC:2 48 16 0 32 17 32 12
       tag:x DECL_TAG 14 1
       - VOLATILE 4
       tt TYPE_TAG 10
       - RESTRICT 2
       member DECL_TAG 3 2
       - FUNC_PROTO:1 0 'cb 25
       - PTR 13
       q INT 16 0x80
       - ARRAY 0 8 1 2
want: ok

name: special fields: two locks in one struct (not modelled when BTF is loaded)
types: int INT 4 0x01000020
       bpf_spin_lock STRUCT:1 4 'val 1 0
       v STRUCT:2 8 'a 2 0 'b 2 32
want: ok
kernel: other

name: special fields: one lock
types: int INT 4 0x01000020
       bpf_spin_lock STRUCT:1 4 'val 1 0
       v STRUCT:1 8 'a 2 0
want: ok
