# SPDX-License-Identifier: MIT
# The web server; TLS 1.2 by mbedTLS, as tls_config.h configures it.
APP_SOURCE := mbedtls
APP_SRCS := $(notdir $(wildcard apps/httpd/*.c)) $(patsubst %,\
	mbedtls/library/%.c,aes asn1parse asn1write base64 bignum chacha20 \
	chachapoly cipher cipher_wrap constant_time ecdh ecdsa ecp ecp_curves error gcm \
	hmac_drbg md oid pem pk pk_wrap pkparse platform_util poly1305 rsa \
	rsa_internal sha1 sha256 sha512 ssl_ciphersuites ssl_msg ssl_srv ssl_tls \
	x509 x509_crt)
APP_CFLAGS = -Iapps/httpd -DMBEDTLS_CONFIG_FILE='<tls_config.h>' \
	-isystem $(APP_TREE)/mbedtls/include
# Signatures and the arithmetic of curves.
APP_STACK_KB := 128
APP_FILES := root
APP_PORTS := 80 $(if $(filter https=% -s,$(ARGS)),443)
