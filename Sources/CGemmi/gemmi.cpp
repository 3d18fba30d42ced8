#include "CGemmi.h"
