#include <stdio.h>

int main(void) {
    puts("server");
    return 0;
}
