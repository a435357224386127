// Waiting for many descriptors on Linux: the headers that Swift's Glibc module leaves out.
#ifndef CEPOLL_H
#define CEPOLL_H

#ifdef __linux__
#include <sys/epoll.h>
#include <sys/eventfd.h>
#endif

#endif
