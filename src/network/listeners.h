/* Who listens on ports of this machine (proc(5), /proc/net/tcp and its like). */
#pragma once

#include "base/str.h"

/* The inode of a socket that listens on this port, whatever its address; false: there is none. */
bool listener_inode(unsigned int port, bool udp, unsigned long *inode);
/* Whether something listens on this port of all addresses, TCP or UDP. */
bool listener_everywhere(unsigned int port);
