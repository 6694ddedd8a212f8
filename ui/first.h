/*
 * The first start of somebody who has nothing yet: whether the image that a session is made from is there,
 * looked at while there is no session, and again whenever an image comes or goes.
 */
#pragma once

#include "ui/app.h"

/* The store is another. */
void first_refresh(struct app *app);
/* An image has come or gone. */
void first_images_changed(struct app *app);
