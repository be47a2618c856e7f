/** How much nicer than the host everything in a box is: the server keeps answering while agents compile. */
export const backgroundPriority = 5

/** Added to the kernel's choice of what to kill when the host is out of memory; 1000 is "first of all". */
export const oomScore = 500
