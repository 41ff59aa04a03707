#pragma once

#include <cblas.h>
#include <dlfcn.h>
