#ifndef KTXN_DEVBROKER_PROGRAM_CTL_H
#define KTXN_DEVBROKER_PROGRAM_CTL_H

/** `ktxn-devbroker ctl`: sends control lines to a running broker and prints the replies. Returns the program's status: 0 when
 * all replies were "ok". */
int ctl(int argc, char **argv);

#endif
