/* The smallest payload that stays: it waits for the signal that ends it. */
#include <unistd.h>

int main(void)
{
	return pause();
}
