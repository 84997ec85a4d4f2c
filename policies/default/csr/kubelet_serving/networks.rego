package csr.kubelet_serving

# METADATA
# title: A range of addresses that begins with its first address
# description: 10.0.0.5/8 is read as 10.0.0.0/8, which may be far more than its writer meant.
is_network(text) if {
	is_cidr(text)
	[address, length] := split(text, "/")
	words := _words(address)
	width := {4: 8, 8: 16}[count(words)]
	every index, word in words {
		word % _powers[_bits_behind(to_number(length), width, index)] == 0
	}
}

# How many bits of a word of the address lie behind the length of the range.
_bits_behind(length, width, index) := min([width, max([0, (width * (index + 1)) - length])])

_powers := [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536]

# The address in words: four of 8 bits, or eight of 16 bits (RFC 4291 section 2.2).
_words(address) := [to_number(word) | some word in split(address, ".")] if contains(address, ".")

_words(address) := [_hexadecimal(word) | some word in split(address, ":")] if {
	contains(address, ":")
	not contains(address, "::")
}

_words(address) := array.flatten([before, zeros, after]) if {
	[head, tail] := split(address, "::")
	before := [_hexadecimal(word) | some word in split(head, ":"); word != ""]
	after := [_hexadecimal(word) | some word in split(tail, ":"); word != ""]
	zeros := [0 | some _ in numbers.range(1, (8 - count(before)) - count(after))]
}

_hexadecimal(word) := sum([value |
	some place in numbers.range(0, count(word) - 1)
	digit := indexof("0123456789abcdef", substring(word, (count(word) - place) - 1, 1))
	value := digit * _powers[4 * place]
])
