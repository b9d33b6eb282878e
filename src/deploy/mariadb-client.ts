/**
 * argv of MariaDB's client in the server's own container, as its administrator by its socket. Without TLS, which a socket has no
 * use for: on a loaded host the handshake alone outlasted the server's patience.
 */
export const mariadbClient = ["mariadb", "--no-defaults", "--user=mysql", "--skip-ssl"] as const
