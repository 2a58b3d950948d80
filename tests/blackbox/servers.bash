# shellcheck shell=bash
# What the tests with servers share, behind lib.sh.

# certificate FILE NAME ALTERNATIVE [CA]: key and certificate in one file; self-signed, or by CA.
certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$2" \
		-addext "subjectAltName=$3" -keyout "$1.key" -out "$1.crt" \
		${4:+-CA "$4.crt" -CAkey "$4.key"} >"$1.log" 2>&1 || {
		cat "$1.log"
		return 1
	}
	cat "$1.key" "$1.crt" >"$1.pem"
}

digest_of() {
	printf 'sha256:%s' "$(sha256sum "$1" | cut -d ' ' -f 1)"
}
