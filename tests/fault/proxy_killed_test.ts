/** Every proxy is killed. */

import { roleKilled } from "../support/role_killed.ts";
import { suite } from "../support/suite.ts";

roleKilled(suite(), "proxy");
