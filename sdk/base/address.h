#ifndef KTXN_BASE_ADDRESS_H
#define KTXN_BASE_ADDRESS_H

#include <stdint.h>

/** Where a TCP connection goes. `bytes` in network order: all 16 for IPv6, the first 4 for IPv4. */
struct ktxn__address {
  uint8_t family; /* 4 or 6 */
  uint8_t bytes[16];
  uint16_t port; /* host order */
  uint32_t scope; /* IPv6 link-local addresses: the interface; else 0 */
};

#endif
