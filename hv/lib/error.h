/* SPDX-License-Identifier: Apache-2.0 */
/* error.h - error numbers. A function returns 0 or one of these negated. Values: xen/errno.h, which guests
 * see. */
#ifndef LIB_ERROR_H
#define LIB_ERROR_H

#define EPERM 1
#define ENOENT 2
#define ESRCH 3
#define EIO 5
#define E2BIG 7
#define EAGAIN 11
#define ENOMEM 12
#define EACCES 13
#define EFAULT 14
#define EBUSY 16
#define EEXIST 17
#define ENODEV 19
#define EINVAL 22
#define ENOSPC 28
#define EDOM 33
#define ERANGE 34
#define ENOSYS 38
#define ENODATA 61
#define EOVERFLOW 75
#define EILSEQ 84
#define EOPNOTSUPP 95
#define EADDRNOTAVAIL 99
#define ENOBUFS 105

#endif
