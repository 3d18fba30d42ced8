#pragma once
#include "CGemmiStructure.h"
