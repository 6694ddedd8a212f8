#include "ui/terminal/sgr.h"

#include <curses.h>
#include <string.h>

#define NUMBERS_MAX 16

/* 38 and 48 take more numbers: 5;N, or 2;R;G;B. Returns how many were taken. */
static int extended(const int *numbers, int count, int *color) {
    if (count >= 3 && numbers[1] == 5) {
        *color = 1 + (numbers[2] & 0xff);
        return 3;
    }
    if (count >= 5 && numbers[1] == 2) {
        int red = numbers[2] * 5 / 255, green = numbers[3] * 5 / 255, blue = numbers[4] * 5 / 255;
        *color = 1 + 16 + 36 * (red % 6) + 6 * (green % 6) + blue % 6;
        return 5;
    }
    return count;
}

static void one(struct sgr *sgr, int number) {
    static const struct {
        int on, off;
        unsigned long attribute;
    } table[] = {
        {1, 22, A_BOLD}, {2, 22, A_DIM}, {4, 24, A_UNDERLINE}, {7, 27, A_REVERSE}, {3, 23, A_ITALIC}};
    if (number == 0)
        *sgr = (struct sgr){0};
    for (size_t i = 0; i < array_length(table); i++) {
        if (number == table[i].on)
            sgr->attributes |= table[i].attribute;
        if (number == table[i].off)
            sgr->attributes &= ~table[i].attribute;
    }
    if (number >= 30 && number <= 37)
        sgr->foreground = 1 + number - 30;
    else if (number >= 90 && number <= 97)
        sgr->foreground = 1 + number - 90 + 8;
    else if (number >= 40 && number <= 47)
        sgr->background = 1 + number - 40;
    else if (number >= 100 && number <= 107)
        sgr->background = 1 + number - 100 + 8;
    else if (number == 39)
        sgr->foreground = 0;
    else if (number == 49)
        sgr->background = 0;
}

static void apply(struct sgr *sgr, const char *text, size_t length) {
    int numbers[NUMBERS_MAX] = {0}, count = 1;
    for (size_t i = 0; i < length; i++) {
        if (text[i] >= '0' && text[i] <= '9')
            numbers[count - 1] = (numbers[count - 1] * 10 + text[i] - '0') % 1000;
        else if (count < NUMBERS_MAX)
            count++;
    }
    for (int i = 0; i < count; i++) {
        if (numbers[i] == 38)
            i += extended(numbers + i, count - i, &sgr->foreground) - 1;
        else if (numbers[i] == 48)
            i += extended(numbers + i, count - i, &sgr->background) - 1;
        else
            one(sgr, numbers[i]);
    }
}

/* The bytes of the escape sequence at `text`, which begins with ESC; takes it into account if it is SGR. */
static size_t skip(struct sgr *sgr, const char *text) {
    if (text[1] == ']' || text[1] == 'P') { /* a string: to BEL, or to ESC \ */
        size_t end = 2 + strcspn(text + 2, "\a\033");
        if (text[end] == '\0')
            return end;
        return end + (text[end] == '\033' && text[end + 1] == '\\' ? 2u : 1u);
    }
    if (text[1] != '[')
        return text[1] ? 2 : 1;
    size_t length = strspn(text + 2, "0123456789;:<=>?!\"$' ");
    char final = text[2 + length];
    if (final == 'm')
        apply(sgr, text + 2, length);
    return 2 + length + (final != 0);
}

void sgr_draw(struct sgr *sgr, struct area area, int row, const char *line) {
    int column = 0;
    while (*line) {
        if (*line == '\033') {
            line += skip(sgr, line);
            continue;
        }
        size_t length = strcspn(line, "\033");
        _cleanup_free_ char *text = str_copy_n(line, length);
        unsigned long look = sgr->attributes | theme_color(sgr->foreground - 1, sgr->background - 1);
        column = draw_attributes(area, row, column, look, text);
        line += length;
    }
}
