/* SPDX-License-Identifier: MIT */
/* The table of tasks as posix/task_life.c changes it. */
#ifndef POSIX_TASK_TABLE_H
#define POSIX_TASK_TABLE_H

#include <stdbool.h>

#include "core/compiler.h"
#include "posix/task.h"

void task_table_add(struct task *task);

/* False: it is the last one, and stays. */
bool task_table_remove(struct task *task) __must_hold(tasks_lock);

/* Whom the end of a task wakes has been woken. */
void task_table_bury(void);

#endif /* POSIX_TASK_TABLE_H */
